const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
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
  DAY,
] as const;

export interface Tick {
  time: number;
  label: string;
}

/** Round times of day within a stretch of at least a second: as many as fit beside each other, and always one. */
export function ticksOf(from: number, to: number, most: number): Tick[] {
  const apart = (to - from) / most;
  const step = STEPS.find(each => each >= apart) ?? Math.ceil(apart / DAY) * DAY;
  const ticks = ticksEach(step, from, to);
  if (ticks.length > 0) return ticks;
  // A stretch that is shorter than its step may lie between two marks: then one mark of a finer step.
  for (const finer of STEPS.filter(each => each < step).reverse()) {
    const found = ticksEach(finer, from, to);
    const middle = found[Math.floor(found.length / 2)];
    if (middle !== undefined) return [middle];
  }
  return [];
}

function ticksEach(step: number, from: number, to: number): Tick[] {
  const offset = new Date(from).getTimezoneOffset() * MINUTE;
  const ticks = [];
  for (let time = Math.ceil((from - offset) / step) * step + offset; time <= to; time += step)
    ticks.push({ time, label: labelOf(time, step) });
  return ticks;
}

/** The time of day, and where a day begins its date. */
function labelOf(time: number, step: number): string {
  const text = new Date(time).toLocaleTimeString("en-GB");
  if (text === "00:00:00")
    return new Date(time).toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  return step < MINUTE ? text : text.slice(0, 5);
}
