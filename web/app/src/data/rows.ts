import type { Id, Time } from "@holdfast/react";

/** The part of a JSON Schema that a form is made from. */
export interface Schema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  format?: string;
  minimum?: number;
  maximum?: number;
  required?: string[];
  properties?: Record<string, Schema>;
}

/** Whom a question is for: whoever is the person or has the role. */
export interface Audience {
  person: string | null;
  role: string | null;
}

/** That people were told of a question by a channel, or are to be. */
export interface Notification {
  channel: string;
  occasion: "asked" | "unanswered" | "escalated";
  status: "pending" | "sent" | "failed" | "dropped";
  attempts: number;
  error: string | null;
  ended_at: Time | null;
  created_at: Time;
}

/** A question to a person, as the API gives it. */
export interface Question {
  id: Id;
  supervisor_id: Id | null;
  session_id: Id | null;
  plan_id: Id | null;
  step_key: string | null;
  message: string;
  options: unknown[] | null;
  /** The form of the answer, as a JSON Schema. */
  response_schema: Schema | boolean | null;
  context: Record<string, unknown>;
  audience: Audience | null;
  is_mine: boolean;
  default_answer: unknown;
  on_expiry: "default" | "fail" | "escalate";
  escalation: { audience: Audience } | null;
  blocks: { noun: string; name: string; title: string | null; id: Id | null; plan_id: Id | null }[];
  action: unknown;
  action_sha256: string | null;
  status: "open" | "answered" | "delivered" | "acknowledged" | "expired" | "withdrawn";
  answer: unknown;
  answered_by: string | null;
  answered_as: "audience" | "owner" | null;
  answered_at: Time | null;
  closed_by: string | null;
  close_reason: string | null;
  voided_at: Time | null;
  created_at: Time;
  expires_at: Time | null;
  asker: string | null;
  plan_name: string | null;
}

/** One run of an agent program: how it stands, what it holds and how far its walk has come. */
export interface Session {
  id: Id;
  session_id: string;
  state: "starting" | "running" | "idle" | "requires_action" | "ended" | "lost";
  /** A live state whose lease ran out. */
  interrupted: boolean;
  agent: string | null;
  metadata: Record<string, unknown>;
  created_at: Time;
  ended_at: Time | null;
  end_reason: string | null;
  lease_expires_at: Time | null;
  heartbeat_at: Time | null;
  sd_key: string | null;
  directive_title: string | null;
  phase: string | null;
  is_holding: boolean;
  orchestrator_key: string | null;
  completed_children: number | null;
  total_children: number | null;
  walk_progress: number | null;
  pause_reason: string | null;
  why: string | null;
  open_questions: number;
  seq: number;
}

/** The counts of the first look. */
export interface Overview {
  needs_you: number;
  working: number;
  idle: number;
  done: number;
  lost: number;
}

/** Who asks, and what they may see. */
export interface Me {
  user: string;
  kind: string;
  ventures: { venture_id: Id; slug: string; name: string; role: "viewer" | "agent" | "operator" | "owner" }[];
}
