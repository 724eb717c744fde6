import type { EventRow } from "../common/rows.js";

/** What an event's address is: its stream and its number there. */
export function idOf(event: Pick<EventRow, "stream_id" | "seq">): string {
  return `${event.stream_id}.${event.seq}`;
}

/** The stream and the number that an address names. */
export function partsOf(id: string): { stream: string; seq: number } {
  const at = id.lastIndexOf(".");
  return { stream: id.slice(0, at), seq: Number(id.slice(at + 1)) };
}

const KINDS: Readonly<Record<string, string>> = {
  started: "running",
  restarted: "running",
  progressed: "running",
  claimed: "running",
  restored: "running",
  resumed: "running",
  asked: "open",
  opened: "open",
  released: "idle",
  interrupted: "interrupted",
  lost: "lost",
  sent_back: "failed",
};

/** The state whose mark an event has: what it brought about. */
export function kindOfType(type: string): string {
  const verb = type.slice(type.indexOf(".") + 1).replace(/^step_/, "");
  return KINDS[verb] ?? verb;
}

const FIELDS = [
  "sd_key",
  "name",
  "title",
  "step",
  "activity",
  "session_id",
  "message",
  "reason",
  "error",
  "holder",
] as const;
const LONGEST = 140;

/** What an event says, in a few words, from what its data names. */
export function saysOf({ data }: Pick<EventRow, "data">): string {
  const words = FIELDS.map(field => data[field]).filter(value => typeof value === "string" && value !== "");
  if (typeof data["completed_steps"] === "number")
    words.push(`${data["completed_steps"]} of ${data["total_steps"] ?? "?"}`);
  if (typeof data["first_line"] === "number") words.push(linesOf(data));
  const text = words.join(" · ");
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function linesOf(data: Record<string, unknown>): string {
  const [first, last] = [data["first_line"], data["last_line"]];
  return first === last ? `line ${first}` : `lines ${first} to ${last}`;
}
