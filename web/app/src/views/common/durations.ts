/** A length of time as exactly as a person wants it: 340 ms, 4.2 s, 12 min 30 s, 3 h 5 min. */
export function durationOf(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3_600) return pair(seconds, 60, "min", "s");
  if (seconds < 86_400) return pair(seconds / 60, 60, "h", "min");
  return pair(seconds / 3_600, 24, "d", "h");
}

function pair(value: number, size: number, large: string, small: string): string {
  const whole = Math.round(value);
  const rest = whole % size;
  return rest === 0
    ? `${Math.floor(whole / size)} ${large}`
    : `${Math.floor(whole / size)} ${large} ${rest} ${small}`;
}
