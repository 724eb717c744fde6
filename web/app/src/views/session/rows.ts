import type { Id, Time } from "@holdfast/react";
import type { Session } from "../../data/rows.js";

/** One claim of a session, and how it ended. */
export interface Claim {
  sd_key: string;
  title: string | null;
  claimed_at: Time;
  mechanism: string | null;
  taken_from: string | null;
  reason: string | null;
  ended_at: Time | null;
  ended_by: string | null;
  next_session: string | null;
  end_reason: string | null;
  directive_id: Id;
}

/** How often a hook ran, what it stopped, and how long it took, in seconds. */
export interface SessionHook {
  hook: string;
  runs: number;
  refusals: number;
  failures: number;
  seconds: number;
  longest: number;
  last_at: Time;
}

/** One thing that the files or the branch said otherwise than the database. */
export interface Divergence {
  kind: string;
  here: string;
  truth: string;
  repaired: boolean;
  problem: string | null;
  times: number;
  last_at: Time;
}

/** A session as its own address gives it. */
export interface SessionDetail extends Session {
  lease_holder: string | null;
  expected_silence_until: Time | null;
  end_reason: string | null;
  is_live: boolean;
  is_holding: boolean;
  claimed_at: Time | null;
  orchestrator_key: string | null;
  active_sd_key: string | null;
  completed_children: number | null;
  total_children: number | null;
  decision: string | null;
  pause_reason: string | null;
  why: string | null;
}
