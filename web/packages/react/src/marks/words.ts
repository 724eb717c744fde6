import type { Progress } from "../client/types.js";

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;

/** A length of time in its largest unit. */
export function lengthOf(seconds: number): string {
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? ["s", 1];
  return `${Math.round(seconds / size)} ${unit}`;
}

/**
 * A range of time in one unit.
 *
 * @example
 * rangeOf(240, 420); // "about 4–7 min"
 */
export function rangeOf(low: number, high: number): string {
  const [unit, size] = UNITS.find(([, size]) => high >= 2 * size) ?? ["s", 1];
  const [from, to] = [Math.max(1, Math.round(low / size)), Math.max(1, Math.round(high / size))];
  if (Math.round(low / size) === 0 && size > 1) return `up to ${to} ${unit}`;
  return from < to ? `about ${from}–${to} ${unit}` : `about ${to} ${unit}`;
}

/** What remains, as a person says it; unknown where it is unknown. */
export function remainingOf(progress: Progress | null | undefined): string {
  if (progress?.stalled || progress?.standing === "stalled") return "no progress for long";
  if (progress?.standing === "waiting") return "waits";
  const remaining = progress?.remaining_seconds;
  return remaining ? rangeOf(remaining.low, remaining.high) : "unknown";
}
