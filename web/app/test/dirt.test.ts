import type { HoldfastEvent } from "@holdfast/react";
import { expect, test } from "vitest";
import { dirtOf } from "../src/data/dirt.js";

function event(stream: string, type: string, data: Record<string, unknown> = {}): HoldfastEvent {
  return {
    id: "1",
    source: `/holdfast/v/${stream}`,
    type,
    subject: "id-1",
    time: "2026-11-21T14:00:00Z",
    sequence: "1",
    data,
  };
}

test("a question's event makes the questions stale, though it stands in its asker's stream", () => {
  const dirt = dirtOf(event("supervisor", "question.asked", { question_id: "q-1" }));
  expect(dirt.lists).toEqual(expect.arrayContaining(["questions", "supervisors", "overview"]));
  expect(dirt.ones).toContainEqual(["questions", "q-1"]);
});

test("progress moves no count", () => {
  expect(dirtOf(event("execution", "execution.progressed")).lists).not.toContain("overview");
  expect(dirtOf(event("execution", "execution.failed")).lists).toContain("overview");
});

test("a claim changes the directive and the session that made it", () => {
  const dirt = dirtOf(event("directive", "directive.claimed", { session_id: "claude-1" }));
  expect(dirt.lists).toEqual(expect.arrayContaining(["directives", "sessions"]));
  expect(dirt.ones).toEqual(
    expect.arrayContaining([
      ["directives", "id-1"],
      ["sessions", "claude-1"],
    ]),
  );
});
