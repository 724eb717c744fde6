import { expect, it } from "vitest";
import { fieldsOf, filled } from "../src/views/needs-you/form.js";

const SCALING = {
  type: "object",
  required: ["replicas"],
  properties: {
    canary: { type: "boolean" },
    zone: { enum: ["a", 2] },
    note: { type: "string" },
    replicas: { type: "integer" },
    more: {},
  },
};

it("asks for what is required first", () => {
  expect(fieldsOf(SCALING).map(field => [field.name, field.isRequired])[0]).toEqual(["replicas", true]);
});

it("gives each value in its type and leaves out what is empty", () => {
  const texts = { replicas: "3", canary: "No", zone: "2", note: "7", more: '{"a": 1}' };
  expect(filled(fieldsOf(SCALING), texts)).toEqual({
    replicas: 3,
    canary: false,
    zone: 2,
    note: "7",
    more: { a: 1 },
  });
  expect(filled(fieldsOf(SCALING), { replicas: "many", note: "" })).toEqual({ replicas: "many" });
});

it("asks for the answer itself where the schema has no properties", () => {
  expect(filled(fieldsOf({ type: "number" }), { "": "1.5" })).toBe(1.5);
});
