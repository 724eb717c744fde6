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
