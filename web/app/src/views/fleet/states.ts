/** The states that runs are filtered by, in words, and what the API is asked. */
export const RUN_STATES = [
  ["all", "All"],
  ["working", "Working"],
  ["pending", "Pending"],
  ["done", "Done"],
  ["failed", "Failed"],
  ["lost", "Lost"],
] as const;

export const SESSION_STATES = [
  ["all", "All"],
  ["running", "Working"],
  ["idle", "Idle"],
  ["requires_action", "Needs you"],
  ["ended", "Ended"],
  ["lost", "Lost"],
] as const;

const STATUS_OF: Readonly<Record<string, { status?: string; interrupted?: boolean }>> = {
  working: { status: "running", interrupted: false },
  lost: { status: "running", interrupted: true },
  pending: { status: "pending" },
  done: { status: "completed" },
  failed: { status: "failed" },
};

/** The API's filter for a state of runs. */
export function runFilter(state: string): { status?: string; interrupted?: boolean } {
  return STATUS_OF[state] ?? {};
}
