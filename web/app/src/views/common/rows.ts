import type { Id, Time } from "@holdfast/react";

/** A row of the event log, as the API lists it. */
export interface EventRow {
  stream: string;
  stream_id: Id;
  seq: number;
  type: string;
  time: Time;
  actor: string | null;
  data: Record<string, unknown>;
}

/** A step of an execution. */
export interface Step {
  position: number;
  name: string;
  status: "running" | "completed" | "failed" | "skipped";
  started_at: Time;
  ended_at: Time | null;
}

/** A line of an execution's log. */
export interface LogLine {
  line: number;
  time: Time;
  level: "debug" | "info" | "warning" | "error";
  message: string;
  data: unknown;
}

/** What an execution used up to now. */
export interface Metrics {
  input_tokens: number;
  output_tokens: number;
  cost_usd: number | string;
  model_calls: number;
  tool_calls: number;
  duration_ms: number | null;
}

/** A durable coordinator. */
export interface Supervisor {
  id: Id;
  name: string;
  handler: string | null;
  state: string;
  interrupted: boolean;
  current_activity: string | null;
  phase: string | null;
  progress: number | string | null;
  error_message: string | null;
  directive_id: Id | null;
  session_id: Id | null;
  restoration_count: number;
  deaths_in_a_row: number;
  checkpoint: number | null;
  forked_from: Id | null;
  created_at: Time;
  started_at: Time | null;
  ended_at: Time | null;
  lease_holder: string | null;
  lease_expires_at: Time | null;
  heartbeat_at: Time | null;
  paused_at: Time | null;
  pause_reason: string | null;
  pending_questions: readonly { id: Id; message: string; status: string }[];
}

/** One thing that a restoration found, and what was done about it. */
export interface Finding {
  step: string;
  finding: string;
  subject: string;
  action: string;
  reason: string;
}

/** One time that Holdfast took hold of a supervisor again. */
export interface Restoration {
  number: number;
  source: string;
  restored_at: Time;
  interrupted_at: Time | null;
  holder: string | null;
  outcome: string;
  checkpoint: number | null;
  context: string;
  findings: readonly Finding[];
}

/** What a restoration would find now, and do about it. */
export interface RestorationPreview {
  source: string;
  outcome: string;
  context: string;
  findings: readonly Finding[];
}

/** What a supervisor has done once and for ever. */
export interface SupervisorStep {
  name: string;
  status: string;
  attempt: number;
  result: unknown;
  error_message: string | null;
  started_at: Time;
  ended_at: Time | null;
  dropped_at: Time | null;
}

/** What a supervisor would go on from. */
export interface Checkpoint {
  number: number;
  parent: number | null;
  reason: string;
  label: string | null;
  blobs: number;
  created_at: Time;
}

/** What must hold before a plan starts. */
export interface Condition {
  condition_id: string;
  title: string;
  kind: "command" | "step" | "tick";
  holds: boolean;
  checked_at: Time | null;
  told: string | null;
}

/** A plan with its progress. */
export interface Plan {
  id: Id;
  name: string;
  status: string;
  paused_at: Time | null;
  paused_by: string | null;
  pause_reason: string | null;
  stop_reason: string | null;
  rolling_back_to: string | null;
  rollback_reason: string | null;
  interrupted: boolean;
  supervisor_id: Id;
  directive_id: Id;
  sd_key: string;
  restoration_count: number;
  total_steps: number;
  completed_steps: number;
  progress: number | string | null;
  error_message: string | null;
  created_at: Time;
  started_at: Time | null;
  ended_at: Time | null;
}

/** What a verification ran, and what came of it. */
export interface Evidence {
  command: readonly string[] | string;
  exit_code: number;
  output_digest: string;
  output_tail: string;
  verified_at: Time;
  duration_ms: number;
}

/** What a person decides before a step's work begins. */
export interface Gate {
  id: Id;
  message: string;
  status: string;
  answer: unknown;
  answered_by: string | null;
  answered_at: Time | null;
}

/** One round of a step of a plan. */
export interface PlanStep {
  step_key: string;
  round: number;
  position: number;
  title: string;
  role: string | null;
  agent: string | null;
  needs: readonly string[];
  status: string;
  attempt: number;
  has_verification: boolean;
  execution_id: Id | null;
  verification_id: Id | null;
  current_activity: string | null;
  error_message: string | null;
  skip_reason: string | null;
  of_step: string | null;
  report_id: Id | null;
  released_at: Time | null;
  undo_status: string | null;
  undo_id: Id | null;
  findings: unknown;
  started_at: Time | null;
  ended_at: Time | null;
  gate: Gate | null;
  evidence: Evidence | null;
}

/** Something there is to do, and who holds it. */
export interface Directive {
  id: Id;
  sd_key: string;
  parent_key: string | null;
  title: string;
  description: string | null;
  status: "draft" | "active" | "completed" | "blocked" | "cancelled";
  phase: Phase;
  priority: number;
  verification: string | null;
  blocked_reason: string | null;
  needs: readonly string[];
  is_held: boolean;
  held_by: string | null;
  held_since: Time | null;
  held_until: Time | null;
  total_children: number;
  completed_children: number;
  created_at: Time;
  started_at: Time | null;
  ended_at: Time | null;
  seq: number;
}

export const PHASES = ["LEAD", "PLAN", "EXEC", "COMPLETE"] as const;
export type Phase = (typeof PHASES)[number];
