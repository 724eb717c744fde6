import type { Execution, Grip } from "@holdfast/react";
import type { EventRow } from "../common/rows.js";

/** What took or gave back an execution after its first start. */
export const HANDOVERS = ["execution.restarted", "execution.interrupted", "execution.released"] as const;

/** A handover, and when the execution was last heard of before it. */
export interface Handover extends EventRow {
  last_sign: string | null;
}

/**
 * The stretches in which a worker held an execution. A worker that died said nothing of it: its stretch ends with its
 * last sign of life, not when the lease ran out.
 */
export function gripsOf(
  of: Pick<Execution, "started_at" | "ended_at" | "status" | "interrupted">,
  handovers: readonly Handover[],
): Grip[] {
  if (of.started_at === null) return [];
  const grips: Grip[] = [{ from: Date.parse(of.started_at), to: null }];
  for (const event of handovers.toSorted((a, b) => a.seq - b.seq)) {
    const last = grips.at(-1);
    if (event.type === "execution.restarted") grips.push(begunAgain(event));
    else if (last !== undefined) end(last, event);
  }
  const last = grips.at(-1);
  if (last !== undefined && of.ended_at !== null && last.to === null) {
    last.to = Date.parse(of.ended_at);
    if (of.status === "completed" || of.status === "failed" || of.status === "cancelled")
      last.end = of.status;
  }
  return grips;
}

function begunAgain(event: Handover): Grip {
  const attempt = Number(event.data.attempt ?? 0);
  const holder = event.data.holder;
  return {
    from: Date.parse(event.time),
    to: null,
    restoration: attempt - 1,
    found: `attempt ${attempt}, by ${typeof holder === "string" ? holder : "a worker"}`,
  };
}

function end(grip: Grip, event: Handover): void {
  const died = event.type === "execution.interrupted";
  grip.to = Math.max(grip.from, Date.parse((died && event.last_sign) || event.time));
  grip.end = died ? "died" : "released";
}

/** The stretches in which nobody held it: where a worker died, until another took hold. */
export function gapsOf(grips: readonly Grip[], now: number): { from: number; to: number }[] {
  return grips.flatMap((grip, at) =>
    grip.end === "died" && grip.to !== null ? [{ from: grip.to, to: grips[at + 1]?.from ?? now }] : [],
  );
}
