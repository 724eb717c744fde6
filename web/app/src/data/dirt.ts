import type { HoldfastEvent } from "@holdfast/react";

/** What an event makes stale: whole lists, and single things by noun and id. */
export interface Dirt {
  lists: readonly string[];
  ones: readonly (readonly [noun: string, id: string])[];
}

const LISTS: Readonly<Record<string, readonly string[]>> = {
  execution: ["executions"],
  session: ["sessions"],
  supervisor: ["supervisors"],
  plan: ["plans"],
  directive: ["directives", "sessions"],
  venture: ["tokens", "me"],
};
/** Types that move no count of the overview. */
const QUIET = new Set([
  "execution.progressed",
  "execution.logged",
  "execution.metered",
  "execution.annotated",
]);

/** The stream's kind, which stands at the end of an event's source. */
export function streamOf(event: HoldfastEvent): string {
  return event.source.slice(event.source.lastIndexOf("/") + 1);
}

/** What must be read anew after an event. */
export function dirtOf(event: HoldfastEvent): Dirt {
  const stream = streamOf(event);
  const lists = [...(LISTS[stream] ?? []), "events"];
  if (!QUIET.has(event.type)) lists.push("overview");
  if (event.type.startsWith("question.")) lists.push("questions");
  const ones: [string, string][] = [[`${stream}s`, event.subject]];
  for (const [name, noun] of REFERENCES) {
    const id = event.data[name];
    if (typeof id === "string") ones.push([noun, id]);
  }
  return { lists, ones };
}

/** Names in an event's data that point at something else that changed with it. */
const REFERENCES = [
  ["question_id", "questions"],
  ["supervisor_id", "supervisors"],
  ["execution_id", "executions"],
  ["sd_key", "directives"],
  ["session_id", "sessions"],
] as const;
