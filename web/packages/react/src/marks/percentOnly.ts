import type { Progress } from "../client/types.js";

/** What a bar shows of something of which only the percentage is known, and perhaps what it was derived from. */
export function percentOnly(
  percent: number | string | null,
  basis: Progress["basis"] = null,
): Progress | null {
  if (percent === null) return null;
  return {
    percent: Number(percent),
    basis,
    remaining_seconds: null,
    confidence: null,
    pace: null,
    usual_seconds: null,
    stalled: false,
    stages: [],
    warnings: [],
  };
}
