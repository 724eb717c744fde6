const MINUTE = 60_000;
const STEPS = [
  1_000,
  5_000,
  15_000,
  30_000,
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  60 * MINUTE,
  180 * MINUTE,
  720 * MINUTE,
  1_440 * MINUTE,
] as const;

/** Round times of day within a stretch, at most so many. */
export function ticksOf(from: number, to: number, most: number): { time: number; label: string }[] {
  const step =
    STEPS.find(each => (to - from) / each <= most) ?? Math.ceil((to - from) / most / STEPS[11]) * STEPS[11];
  const offset = new Date(from).getTimezoneOffset() * MINUTE;
  const ticks = [];
  for (let time = Math.ceil((from - offset) / step) * step + offset; time <= to; time += step)
    ticks.push({ time, label: labelOf(time, step) });
  return ticks;
}

function labelOf(time: number, step: number): string {
  const text = new Date(time).toLocaleTimeString("en-GB");
  return step < MINUTE ? text : text.slice(0, 5);
}
