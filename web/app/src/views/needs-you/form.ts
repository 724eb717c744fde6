import type { Schema } from "../../data/rows.js";
import { answerText } from "./answers.js";

/** One thing to fill in; without a name it is the answer itself. */
export interface Field {
  name: string | null;
  schema: Schema;
  isRequired: boolean;
}

/** The fields of a form: an object's properties, those that are required first, or the answer as a whole. */
export function fieldsOf(schema: Schema): Field[] {
  const properties = schema.properties ?? {};
  const required = (schema.required ?? []).filter(name => name in properties);
  const rest = Object.keys(properties).filter(name => !required.includes(name));
  if (required.length + rest.length === 0) return [{ name: null, schema, isRequired: true }];
  return [...required, ...rest].map(name => ({
    name,
    schema: properties[name] ?? {},
    isRequired: required.includes(name),
  }));
}

/** What a person chooses from, where the values are few and named. */
export function choicesOf(schema: Schema): unknown[] | null {
  return schema.enum ?? (schema.type === "boolean" ? [true, false] : null);
}

/** What stands in a field at first. */
export function initialText(schema: Schema): string {
  return schema.default === undefined ? "" : answerText(schema.default);
}

/** What was typed, in the field's type. What cannot be read so stays the text: the server says what is wrong with it. */
export function typedValue(schema: Schema, text: string): unknown {
  const chosen = choicesOf(schema)?.find(choice => answerText(choice) === text);
  if (chosen !== undefined) return chosen;
  if (schema.type === "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The answer that was filled in; what was left empty is left out. */
export function filled(fields: Field[], texts: Record<string, string>): unknown {
  const [first] = fields;
  if (first && first.name === null) return typedValue(first.schema, texts[""] ?? "");
  const given = fields.filter(field => (texts[field.name ?? ""] ?? "") !== "");
  return Object.fromEntries(
    given.map(field => [field.name, typedValue(field.schema, texts[field.name ?? ""] ?? "")]),
  );
}
