import type { Execution, Progress } from "../src/index.js";

/** A run that is under way. */
export function runningExecution(change: Partial<Execution> = {}): Execution {
  return {
    id: "run-1",
    name: "Write the parser",
    kind: "claude",
    agent: "claude",
    role: "builder",
    supervisor_id: null,
    directive_id: null,
    session_id: null,
    status: "running",
    interrupted: false,
    current_activity: "reading",
    completed_steps: 1,
    total_steps: 4,
    progress: 25,
    attempt: 1,
    max_attempts: 3,
    error_message: null,
    result: null,
    input: {},
    metadata: {},
    created_at: "2026-11-21T14:00:00Z",
    started_at: "2026-11-21T14:00:00Z",
    ended_at: null,
    log_count: 0,
    lease_holder: "worker",
    lease_expires_at: null,
    heartbeat_at: null,
    seq: 3,
    ...change,
  };
}

/** A quarter is done, and about 4–7 min are left. */
export function quarter(change: Partial<Progress> = {}): Progress {
  return {
    percent: 25,
    basis: "steps",
    remaining_seconds: { low: 240, median: 300, high: 420 },
    confidence: 0.7,
    pace: "own",
    usual_seconds: 400,
    worked_seconds: 100,
    stalled: false,
    stages: [],
    warnings: [],
    ...change,
  };
}
