import type { CSSProperties, ReactNode } from "react";
import type { Execution } from "./client/types.js";
import { useAgentExecutionStatus } from "./hooks/useAgentExecutionStatus.js";
import { useProgressTracking } from "./hooks/useProgressTracking.js";
import { HonestBar } from "./marks/HonestBar.js";
import { percentOnly } from "./marks/percentOnly.js";
import { StateMark } from "./marks/StateMark.js";
import { remainingOf } from "./marks/words.js";

const CARD: CSSProperties = {
  display: "grid",
  gap: 6,
  padding: "10px 12px",
  font: "inherit",
  color: "var(--hf-ink, inherit)",
  border: "1px solid var(--hf-line, #8884)",
  borderRadius: 3,
  minWidth: 0,
};
const ROW: CSSProperties = { display: "flex", gap: 8, alignItems: "baseline", minWidth: 0 };
const CUT: CSSProperties = { overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" };
const QUIET: CSSProperties = { color: "var(--hf-quiet, inherit)", fontSize: "0.92em" };

/**
 * One execution as a card: state, what it does now, how far it is and how long it will take; live.
 *
 * Colours come from CSS variables (`--hf-ink, --hf-quiet, --hf-line, --hf-kelp, --hf-buoy, --hf-red, --hf-track`).
 *
 * @example
 * <AIProgressCard executionId={id} />
 */
export function AIProgressCard(props: { executionId: string; children?: ReactNode }): ReactNode {
  const { execution, error, isLive } = useAgentExecutionStatus(props.executionId);
  const { progress } = useProgressTracking({ execution: props.executionId });
  if (error !== null && execution === null)
    return (
      <article style={CARD} role="alert">
        {error.message} {error.hint}
      </article>
    );
  if (execution === null) return <article style={CARD} aria-busy="true" aria-label="loading" />;
  return (
    <ProgressCard execution={progress ? { ...execution, eta: progress } : execution} isLive={isLive}>
      {props.children}
    </ProgressCard>
  );
}

/**
 * The card's look for an execution that is already there, as in a list.
 *
 * @example
 * <ProgressCard execution={row} isLive />
 */
export function ProgressCard(props: {
  execution: Execution;
  isLive?: boolean;
  children?: ReactNode;
}): ReactNode {
  const { execution } = props;
  const state = stateOf(execution);
  return (
    <article style={CARD} aria-label={`${execution.name}: ${state}`} data-live={props.isLive ?? true}>
      <div style={ROW}>
        <StateMark state={state} />
        <strong style={{ ...CUT, fontWeight: 600, flex: 1 }}>{execution.name}</strong>
        <span style={QUIET}>{execution.agent}</span>
      </div>
      <HonestBar
        progress={progressOf(execution)}
        elapsedSeconds={elapsedOf(execution)}
        tone={toneOf(state)}
        isThin={execution.ended_at !== null}
        label={`progress of ${execution.name}`}
      />
      <div style={{ ...ROW, ...QUIET, fontVariantNumeric: "tabular-nums" }}>
        <span style={{ ...CUT, flex: 1 }}>
          {execution.error_message ?? execution.current_activity ?? state}
        </span>
        <span style={{ whiteSpace: "nowrap" }}>
          {execution.ended_at ? state : remainingOf(execution.eta)}
        </span>
      </div>
      {props.children}
    </article>
  );
}

/** The state that a person is told; a run that nobody holds is interrupted. */
export function stateOf(execution: Pick<Execution, "status" | "interrupted">): string {
  return execution.status === "running" && execution.interrupted ? "interrupted" : execution.status;
}

/** For how long it has run. */
export function elapsedOf(execution: Execution, now: number = Date.now()): number | null {
  if (execution.started_at === null) return null;
  const end = execution.ended_at === null ? now : Date.parse(execution.ended_at);
  return Math.max(0, (end - Date.parse(execution.started_at)) / 1000);
}

/** Its estimate; without one, the percentage that its row has. */
export function progressOf(execution: Execution): Execution["eta"] {
  if (execution.eta) return execution.eta;
  return percentOnly(execution.status === "completed" ? 100 : execution.progress, "steps");
}

function toneOf(state: string): "good" | "bad" | "still" {
  if (state === "failed" || state === "interrupted") return "bad";
  return state === "cancelled" ? "still" : "good";
}
