import type { Grip } from "@holdfast/react";
import type { EventRow } from "../common/rows.js";

const ENDS: Readonly<Record<string, Grip["end"]>> = {
  "execution.interrupted": "died",
  "execution.released": "released",
  "execution.completed": "completed",
  "execution.failed": "failed",
  "execution.cancelled": "cancelled",
};
const BEGINS = new Set(["execution.started", "execution.restarted"]);

/**
 * The stretches in which a worker held an execution, from its events. A worker that died said nothing of it: its stretch
 * ends with its last sign of life, not when the lease ran out.
 */
export function gripsOf(events: readonly EventRow[]): Grip[] {
  const grips: Grip[] = [];
  let open: Grip | null = null;
  let lastSign = 0;
  for (const event of events.toSorted((a, b) => a.seq - b.seq)) {
    const time = Date.parse(event.time);
    const end = ENDS[event.type];
    if (BEGINS.has(event.type)) {
      open = begun(event, time, grips.length);
      grips.push(open);
    } else if (end !== undefined && open !== null) {
      open.to = end === "died" ? Math.max(lastSign, open.from) : time;
      open.end = end;
      open = null;
    }
    lastSign = time;
  }
  return grips;
}

function begun(event: EventRow, from: number, before: number): Grip {
  const holder = event.data["holder"];
  const attempt = Number(event.data["attempt"] ?? before + 1);
  return {
    from,
    to: null,
    ...(attempt > 1
      ? { restoration: attempt - 1, found: `attempt ${attempt}, by ${String(holder ?? "a worker")}` }
      : {}),
  };
}

/** The stretches in which nobody held it: where a worker died, until another took hold. */
export function gapsOf(grips: readonly Grip[], now: number): { from: number; to: number }[] {
  return grips.flatMap((grip, at) =>
    grip.end === "died" && grip.to !== null ? [{ from: grip.to, to: grips[at + 1]?.from ?? now }] : [],
  );
}
