import { describe, expect, test } from "vitest";
import { durationOf } from "../src/views/common/durations.js";
import type { PlanStep } from "../src/views/common/rows.js";
import { type Branch, shownOf } from "../src/views/directives/tree.js";
import { gapsOf, gripsOf, type Handover } from "../src/views/execution/grips.js";
import { ticksOf } from "../src/views/execution/ticks.js";
import { layoutOf } from "../src/views/plan/layout.js";
import { firstLookOf, newestOf } from "../src/views/plan/rounds.js";

const at = (minute: number) => new Date(Date.UTC(2030, 0, 1, 12, minute)).toISOString();
const time = (minute: number) => Date.parse(at(minute));

function handover(seq: number, verb: string, minute: number, lastSign: number | null = null): Handover {
  return {
    stream: "execution",
    stream_id: "e",
    seq,
    type: `execution.${verb}`,
    time: at(minute),
    actor: null,
    data: { attempt: 2, holder: "worker-2" },
    last_sign: lastSign === null ? null : at(lastSign),
  };
}

describe("the grips of a run", () => {
  const killed = { started_at: at(0), ended_at: at(30), status: "completed", interrupted: false } as const;

  test("end with the last sign of life, not when the lease ran out", () => {
    const grips = gripsOf(killed, [handover(9, "restarted", 12), handover(8, "interrupted", 11, 5)]);
    expect(grips.map(({ from, to, end }) => [from, to, end])).toEqual([
      [time(0), time(5), "died"],
      [time(12), time(30), "completed"],
    ]);
    expect(grips[1]?.restoration).toBe(1);
    expect(gapsOf(grips, time(40))).toEqual([{ from: time(5), to: time(12) }]);
  });

  test("leave a gap up to now where nobody took hold again", () => {
    const lost = { ...killed, ended_at: null, status: "running", interrupted: true } as const;
    const grips = gripsOf(lost, [handover(8, "interrupted", 11, 5)]);
    expect(gapsOf(grips, time(40))).toEqual([{ from: time(5), to: time(40) }]);
  });
});

test("a plan is laid out with what is needed above what needs it", () => {
  const { places, edges } = layoutOf([
    { step_key: "a", needs: [] },
    { step_key: "b", needs: ["a"] },
    { step_key: "c", needs: ["a", "b"] },
  ]);
  const y = new Map(places.map(place => [place.key, place.y]));
  expect(y.get("a")).toBeLessThan(y.get("b") ?? 0);
  expect(y.get("b")).toBeLessThan(y.get("c") ?? 0);
  expect(edges).toHaveLength(3);
});

test("what waits for a person is looked at first, in its newest round", () => {
  const step = (step_key: string, round: number, position: number, status: string) =>
    ({ step_key, round, position, status, ended_at: null }) as PlanStep;
  const newest = newestOf([
    step("b", 1, 2, "failed"),
    step("a", 1, 1, "running"),
    step("b", 2, 2, "waiting"),
  ]);
  expect(newest.map(each => [each.step_key, each.round])).toEqual([
    ["a", 1],
    ["b", 2],
  ]);
  expect(firstLookOf(newest)).toBe("b");
});

test("a folded directive hides all that is below it; a search shows what stands above its matches", () => {
  const branch = (sd_key: string, depth: number, parent_key: string | null) =>
    ({ sd_key, depth, parent_key, title: sd_key, held_by: null }) as Branch;
  const all = [branch("A", 0, null), branch("A1", 1, "A"), branch("A11", 2, "A1"), branch("B", 0, null)];
  expect(shownOf(all, new Set(["A"]), "").map(row => row.sd_key)).toEqual(["A", "B"]);
  expect(shownOf(all, new Set(["A"]), "a11").map(row => row.sd_key)).toEqual(["A", "A1", "A11"]);
});

test("a length of time is told as exactly as a person wants it", () => {
  expect([340, 4_200, 59_700, 750_000, 11_100_000, 90_000_000].map(durationOf)).toEqual([
    "340 ms",
    "4.2 s",
    "60 s",
    "12 min 30 s",
    "3 h 5 min",
    "1 d 1 h",
  ]);
});

test("a line of time has few marks, at round times", () => {
  const ticks = ticksOf(time(3), time(58), 7);
  expect(ticks.map(tick => new Date(tick.time).getMinutes())).toEqual([15, 30, 45]);
  expect(ticksOf(time(3), time(58), 2)).toHaveLength(1);
});

test("a line of time has a mark wherever it lies, and no two without room between them", () => {
  const lengths = [1_000, 47_000, 60_000 * 147, 60_000 * 1_500, 60_000 * 100_000];
  const begins = Array.from({ length: 120 }, (_, nth) => time(nth * 12) + 41_000);
  const lines = lengths.flatMap(length =>
    begins.flatMap(from => [1, 2, 7].map(most => ({ from, length, most }))),
  );
  const faulty = lines.filter(({ from, length, most }) => {
    const times = ticksOf(from, from + length, most).map(tick => tick.time);
    const apart = times.slice(1).map((one, nth) => one - (times[nth] ?? 0));
    return times.length === 0 || apart.some(gap => gap < length / most - 1e-6);
  });
  expect(faulty).toEqual([]);
});

test("where a day begins a line of time shows its date", () => {
  const noon = new Date(2030, 0, 1, 12).getTime();
  const labels = ticksOf(noon, noon + 18 * 60 * 60_000, 7).map(tick => tick.label);
  expect(labels).toEqual(["12:00", "15:00", "18:00", "21:00", "2 Jan", "03:00", "06:00"]);
});
