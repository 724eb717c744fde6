import { type Execution, elapsedOf, progressOf, remainingOf, stateOf } from "@holdfast/react";
import { memo, type ReactNode } from "react";
import { HonestBar, numberOf, StateMark, Time, useNow } from "../../parts/index.js";
import { Go } from "../../shell/Go.js";
import css from "./fleet.module.css";

/** A run at one look: state, what it does, how far it is and how long it will take, by whom, for how much. */
export const RunCard = memo(function RunCard(props: { run: Execution; keep?: boolean }): ReactNode {
  const { run } = props;
  const state = stateOf(run);
  return (
    <article className={css.card} data-state={state} aria-label={`${run.name}: ${state}`}>
      <div className={css.top}>
        <StateMark state={state} />
        <strong title={run.name}>
          <Go to={["execution", run.id]} keep={props.keep ?? false}>
            {run.name}
          </Go>
        </strong>
        <Restarts run={run} />
      </div>
      <Activity run={run} state={state} />
      <Bar run={run} state={state} />
      <div className={css.bottom}>
        <span>{[run.agent, run.role].filter(Boolean).join(" · ")}</span>
        {run.sd_key && (
          <span>
            <Go to={["directive", run.sd_key]}>{run.sd_key}</Go>
          </span>
        )}
        <span>{costOf(run)}</span>
        <span className={css.when}>
          {state === "running" ? (
            remainingOf(run.eta)
          ) : (
            <Time at={run.ended_at ?? run.started_at ?? run.created_at} />
          )}
        </span>
      </div>
    </article>
  );
});

function Restarts({ run }: { run: Execution }): ReactNode {
  const times = run.attempt - 1;
  if (times < 1) return null;
  return (
    <span
      className={css.restarts}
      title={`taken up again by another worker ${times === 1 ? "once" : `${times} times`}`}
    >
      {times}
    </span>
  );
}

function Activity({ run, state }: { run: Execution; state: string }): ReactNode {
  const words = run.error_message ?? doingOf(run, state);
  return (
    <p className={css.activity} title={words ?? undefined}>
      {words ?? state}
    </p>
  );
}

/** What it does; nothing once it is over. */
function doingOf(run: Execution, state: string): string | null {
  if (state === "interrupted") return "no worker holds it";
  return run.ended_at === null ? run.current_activity : null;
}

function Bar({ run, state }: { run: Execution; state: string }): ReactNode {
  const now = useNow();
  if (state === "pending") return <span className={css.nothing} />;
  return (
    <HonestBar
      progress={progressOf(run)}
      elapsedSeconds={elapsedOf(run, now)}
      tone={TONES[state] ?? "good"}
      isThin={run.ended_at !== null}
      label={`progress of ${run.name}`}
    />
  );
}

const TONES: Readonly<Record<string, "bad" | "still">> = {
  failed: "bad",
  interrupted: "bad",
  cancelled: "still",
};

function costOf({ cost_usd, input_tokens, output_tokens }: Execution): string | null {
  if (cost_usd) return `$${cost_usd.toFixed(2)}`;
  const tokens = (input_tokens ?? 0) + (output_tokens ?? 0);
  if (tokens === 0) return null;
  return tokens < 1000 ? `${tokens} tok` : `${numberOf(Math.round(tokens / 1000))}k tok`;
}
