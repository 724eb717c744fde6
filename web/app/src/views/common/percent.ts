import type { Progress } from "@holdfast/react";

/** What a bar shows of something of which only the percentage is known. */
export function percentOnly(percent: number | string | null): Progress | null {
  if (percent === null) return null;
  return {
    percent: Number(percent),
    basis: null,
    remaining_seconds: null,
    confidence: null,
    pace: null,
    usual_seconds: null,
    stalled: false,
    stages: [],
    warnings: [],
  };
}
