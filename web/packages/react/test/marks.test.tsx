// @vitest-environment happy-dom
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { GripLine, HonestBar, rangeOf, remainingOf, StateMark } from "../src/index.js";
import { shapeOf } from "../src/marks/HonestBar.js";
import { quarter } from "./rows.js";

afterEach(cleanup);

test("the honest bar is solid up to what is done, with a band of what the clock says and a tick of the past", () => {
  const shape = shapeOf(quarter({ usual_seconds: 400 }));
  expect(shape.done).toBe(25);
  expect(shape.band?.from).toBeCloseTo((100 * 100) / 520);
  expect(shape.band?.to).toBeCloseTo((100 * 100) / 340);
  expect(shape.usual).toBe(25);
});

test("without an estimate the bar has no band, and what is done has none either", () => {
  expect(shapeOf(quarter({ remaining_seconds: null })).band).toBeNull();
  expect(shapeOf(quarter({ percent: 100 }))).toEqual({ done: 100, band: null, usual: null });
  expect(shapeOf(null)).toEqual({ done: 0, band: null, usual: null });
});

test("a bar of something unknown has no value", () => {
  render(<HonestBar progress={null} label="progress of it" />);
  const bar = screen.getByRole("progressbar", { name: "progress of it" });
  expect(bar.getAttribute("aria-valuenow")).toBeNull();
  expect(bar.getAttribute("aria-valuetext")).toBe("unknown");
});

test.each([
  [240, 420, "about 4–7 min"],
  [10, 15, "about 10–15 s"],
  [10, 300, "up to 5 min"],
  [7_200, 7_300, "about 2 h"],
])("%i to %i seconds is %s", (low, high, words) => {
  expect(rangeOf(low, high)).toBe(words);
});

test("what is not known is called unknown, and what stands still is said", () => {
  expect(remainingOf(null)).toBe("unknown");
  expect(remainingOf(quarter({ stalled: true }))).toBe("no progress for long");
});

test("a grip line has a gap where the worker died and a notch where it was taken up again", () => {
  const grips = [
    { from: 0, to: 40, end: "died" as const },
    { from: 60, to: 80, end: "died" as const, restoration: 1, found: "2 of 5 steps" },
    { from: 90, to: 100, end: "completed" as const, restoration: 2 },
  ];
  const { container } = render(<GripLine grips={grips} now={100} />);
  expect(screen.getByRole("img").getAttribute("aria-label")).toBe("timeline: interrupted 2 times, completed");
  expect([...container.querySelectorAll("[data-restoration]")].map(notch => notch.textContent)).toEqual([
    "1",
    "2",
  ]);
  const second = container.querySelectorAll<HTMLElement>("[data-end]")[1];
  expect(second?.style.left).toBe("60%");
  expect(second?.title).toBe("Restoration 1: 2 of 5 steps; then its worker died");
});

test("states have shapes that differ without colour", () => {
  const drawn = ["pending", "running", "completed", "waiting", "failed", "lost"].map(
    state => render(<StateMark state={state} />).container.querySelector("svg")?.innerHTML,
  );
  expect(new Set(drawn).size).toBe(6);
});
