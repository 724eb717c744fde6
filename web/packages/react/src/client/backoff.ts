const FIRST_MS = 250;
const LONGEST_MS = 30_000;

/**
 * How long to wait before the next try: at random between nothing and a bound that doubles with each failure, so that
 * a thousand clients of a server that restarted do not come back at once.
 *
 * @example
 * setTimeout(connect, fullJitter(failures));
 */
export function fullJitter(failures: number, random: () => number = Math.random): number {
  return random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 30));
}
