import type { Grip } from "@holdfast/react";
import type { Restoration, Supervisor } from "../common/rows.js";

/** The stretches in which a worker held a supervisor, from what its restorations say. */
export function gripsOf(of: Supervisor, restorations: readonly Restoration[]): Grip[] {
  if (of.started_at === null) return [];
  const inOrder = restorations.toSorted((a, b) => a.number - b.number);
  const begins = [Date.parse(of.started_at), ...inOrder.map(each => Date.parse(each.restored_at))];
  return begins.map((from, at) => {
    const taken = inOrder[at - 1];
    const next = inOrder[at];
    return {
      from,
      to: next ? Date.parse(next.interrupted_at ?? next.restored_at) : endOf(of),
      end: next ? (next.source === "daemon_restart" ? "released" : "died") : lastEndOf(of),
      ...(taken ? { restoration: taken.number, found: foundOf(taken) } : {}),
    };
  });
}

/** What a restoration found, as one line. */
export function foundOf(restoration: Restoration): string {
  const repaired = restoration.findings.filter(each => each.action !== "keep").length;
  const kept = restoration.findings.length - repaired;
  return repaired === 0 ? `${kept} kept` : `${kept} kept, ${repaired} repaired`;
}

function endOf(of: Supervisor): number | null {
  if (of.ended_at !== null) return Date.parse(of.ended_at);
  return of.interrupted && of.lease_expires_at !== null ? Date.parse(of.lease_expires_at) : null;
}

function lastEndOf(of: Supervisor): Grip["end"] {
  if (of.state === "completed" || of.state === "failed") return of.state;
  return of.interrupted ? "died" : undefined;
}
