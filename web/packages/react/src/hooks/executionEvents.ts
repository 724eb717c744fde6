import { type Execution, type HoldfastEvent, sequenceOf } from "../client/types.js";

/**
 * An execution after one of its events. An event that the row has already seen changes nothing; the answer is null where
 * the event does not say enough and the row must be read anew.
 */
export function afterEvent(row: Execution, event: HoldfastEvent): Execution | null {
  const seq = sequenceOf(event);
  if (event.subject !== row.id || seq <= row.seq) return row;
  if (seq > row.seq + 1) return null;
  const change = CHANGES[event.type]?.(event.data, row);
  return change === undefined ? null : { ...row, ...change, seq, heartbeat_at: event.time };
}

type Change = (data: Record<string, unknown>, row: Execution) => Partial<Execution> | undefined;

const CHANGES: Readonly<Record<string, Change>> = {
  "execution.progressed": (data, row) => ({
    current_activity: textOr(data.activity, row.current_activity),
    completed_steps: numberOr(data.completed_steps, row.completed_steps),
    total_steps: numberOr(data.total_steps, row.total_steps),
    progress: numberOr(data.progress, row.progress),
    ...etaAfter(row, data.progress),
  }),
  "execution.annotated": (data, row) => ({ metadata: { ...row.metadata, ...data } }),
};

/** The percentage is known at once; what is left of the time is read anew by whoever shows it. */
function etaAfter(row: Execution, progress: unknown): Partial<Execution> {
  return row.eta && typeof progress === "number" ? { eta: { ...row.eta, percent: progress } } : {};
}

function textOr(value: unknown, otherwise: string | null): string | null {
  return typeof value === "string" ? value : otherwise;
}

function numberOr<Otherwise extends number | null>(value: unknown, otherwise: Otherwise): number | Otherwise {
  return typeof value === "number" ? value : otherwise;
}
