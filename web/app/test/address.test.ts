import { expect, test } from "vitest";
import { addressOf, pathTo } from "../src/shell/address.js";

test.each([
  ["/", { place: "", open: null }],
  ["/fleet", { place: "fleet", open: null }],
  ["/fleet/execution/0193", { place: "fleet", open: { noun: "execution", id: "0193" } }],
  ["/plans/0193", { place: "plans", open: { noun: "plan", id: "0193" } }],
  ["/directives/SD%2F1", { place: "directives", open: { noun: "directive", id: "SD/1" } }],
])("the path %s says where a person is", (path, address) => {
  expect(addressOf(path)).toEqual(address);
});

test.each(["question", "execution", "session", "supervisor", "directive", "plan"])(
  "the path to one %s leads back to it",
  noun => {
    expect(addressOf(pathTo(noun, "a/b c")).open).toEqual({ noun, id: "a/b c" });
  },
);
