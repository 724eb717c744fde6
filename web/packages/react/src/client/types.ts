/** A UUID as text. */
export type Id = string;
/** A time as ISO 8601 text. */
export type Time = string;

export type ExecutionStatus = "pending" | "running" | "completed" | "failed" | "cancelled";

/** What is known of how far a piece of work is and how long it will take. */
export interface Progress {
  percent: number | null;
  basis: "steps" | "todos" | "children" | "plan" | null;
  remaining_seconds: { low: number; median: number; high: number } | null;
  confidence: number | null;
  pace: "own" | "history" | "both" | null;
  /** The median of past runs of like work. */
  usual_seconds: number | null;
  /** How long it has been worked on, without the time in which nobody was at it. */
  worked_seconds?: number | null;
  /** Whether anybody is at the work. */
  standing?: "pending" | "working" | "stalled" | "waiting" | "dead" | "over";
  /** No progress for long, by the measure of its own history; told apart from dead. */
  stalled: boolean;
  stages: { name: string; percent: number | null }[];
  warnings: string[];
}

/** One tracked piece of agent work, as the API gives it. */
export interface Execution {
  id: Id;
  name: string;
  kind: string | null;
  agent: string | null;
  role: string | null;
  supervisor_id: Id | null;
  directive_id: Id | null;
  /** The directive's key, as people call it. */
  sd_key?: string | null;
  session_id: Id | null;
  status: ExecutionStatus;
  /** Running, and no worker holds it. */
  interrupted: boolean;
  current_activity: string | null;
  completed_steps: number;
  total_steps: number | null;
  progress: number | null;
  attempt: number;
  max_attempts: number;
  error_message: string | null;
  /** Only where one execution is read, not in lists. */
  result?: unknown;
  input?: unknown;
  metadata?: Record<string, unknown>;
  created_at: Time;
  started_at: Time | null;
  ended_at: Time | null;
  log_count: number;
  lease_holder: string | null;
  lease_expires_at: Time | null;
  heartbeat_at: Time | null;
  /** What it has cost so far, where its agent says it. */
  input_tokens?: number | null;
  output_tokens?: number | null;
  cost_usd?: number | null;
  seq: number;
  eta?: Progress | null;
}

/** A change, under the field names of CloudEvents 1.0. */
export interface HoldfastEvent {
  id: string;
  source: string;
  type: string;
  /** The id of the stream: an execution's, a session's, … */
  subject: Id;
  time: Time;
  /** The event's number in its stream, with leading zeros. */
  sequence: string;
  actor?: string;
  data: Record<string, unknown>;
}

/** A page of a list; `next` is given back as `after`. */
export interface Page<Row> {
  items: Row[];
  next: string | null;
}

/** What a subscription follows; nothing given means everything of the venture. */
export interface Filter {
  venture?: string;
  kinds?: readonly string[];
  streams?: readonly Id[];
  directive?: string;
  session?: string;
  supervisor?: Id;
  execution?: Id;
  plan?: Id;
}

/** The number of an event in its stream. */
export function sequenceOf(event: HoldfastEvent): number {
  return Number(event.sequence);
}
