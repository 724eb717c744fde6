import type { PlanStep } from "../common/rows.js";

/** The newest round of each step, in the plan's order. */
export function newestOf(steps: readonly PlanStep[]): PlanStep[] {
  const newest = new Map<string, PlanStep>();
  for (const step of steps) {
    const before = newest.get(step.step_key);
    if (before === undefined || before.round < step.round) newest.set(step.step_key, step);
  }
  return [...newest.values()].toSorted((a, b) => a.position - b.position);
}

/** Every round of one step, the newest first. */
export function roundsOf(steps: readonly PlanStep[], key: string): PlanStep[] {
  return steps.filter(step => step.step_key === key).toSorted((a, b) => b.round - a.round);
}

/** The step that a person wants to see first: what waits for one, what failed, what runs, else the last that ended. */
export function firstLookOf(steps: readonly PlanStep[]): string | null {
  for (const status of ["waiting", "failed", "verifying", "running"]) {
    const found = steps.find(step => step.status === status);
    if (found !== undefined) return found.step_key;
  }
  return steps.findLast(step => step.ended_at !== null)?.step_key ?? steps[0]?.step_key ?? null;
}
