import { numberOf } from "../../parts/index.js";
import type { EventRow } from "../common/rows.js";

/** What an event's address is: its stream and its number there. */
export function idOf(event: Pick<EventRow, "stream_id" | "seq">): string {
  return `${event.stream_id}~${event.seq}`;
}

/** The stream and the number that an address names. */
export function partsOf(id: string): { stream: string; seq: number } {
  const at = id.lastIndexOf("~");
  return { stream: id.slice(0, at), seq: Number(id.slice(at + 1)) };
}

const KINDS: Readonly<Record<string, string>> = {
  started: "running",
  restarted: "running",
  progressed: "running",
  claimed: "running",
  restored: "running",
  resumed: "running",
  recalled: "interrupted",
  rewound: "paused",
  forked: "running",
  dropped: "cancelled",
  finding: "idle",
  checkpointed: "idle",
  asked: "open",
  opened: "open",
  released: "idle",
  interrupted: "interrupted",
  lost: "lost",
  sent_back: "failed",
  logged: "idle",
  metered: "idle",
  saved: "idle",
  annotated: "idle",
  silent: "paused",
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
  "finding",
  "subject",
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
  if (typeof data.completed_steps === "number")
    words.push(`${data.completed_steps} of ${data.total_steps ?? "?"}`);
  if (typeof data.first_line === "number") words.push(linesOf(data));
  if (typeof data.input_tokens === "number") words.push(usedOf(data));
  const text = words.join(" · ");
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function usedOf(data: Record<string, unknown>): string {
  const tokens = Number(data.input_tokens ?? 0) + Number(data.output_tokens ?? 0);
  return `${numberOf(tokens)} tokens, $${Number(data.cost_usd ?? 0).toFixed(2)}`;
}

function linesOf(data: Record<string, unknown>): string {
  const [first, last] = [data.first_line, data.last_line];
  return first === last ? `line ${first}` : `lines ${first} to ${last}`;
}
