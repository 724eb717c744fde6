import {
  type Execution,
  elapsedOf,
  progressOf,
  remainingOf,
  stateOf,
  useAgentExecutionStatus,
} from "@holdfast/react";
import type { ReactNode } from "react";
import { Failure, HonestBar, Section, Skeleton, Time, useNow } from "../../parts/index.js";
import { Go } from "../../shell/Go.js";
import common from "../common/common.module.css";
import { durationOf } from "../common/durations.js";
import { Head } from "../common/Head.js";
import type { Step } from "../common/rows.js";
import { useEvents } from "../common/useEvents.js";
import { useWhole } from "../common/useWhole.js";
import { isSomething, Value } from "../common/Value.js";
import type { DetailProps } from "../registry.js";
import { ExecutionDeeds } from "./ExecutionDeeds.js";
import { Gantt } from "./Gantt.js";
import { gripsOf } from "./grips.js";
import { Log } from "./Log.js";
import { Plots } from "./Plots.js";
import { seriesOf } from "./series.js";
import { useHandovers } from "./useHandovers.js";

/** One execution: who held it when, what it did, said and used. */
export function Detail({ id }: DetailProps): ReactNode {
  const { execution, error, refresh } = useAgentExecutionStatus(id);
  if (execution === null) return error ? <Failure problem={error} again={refresh} /> : <Skeleton rows={6} />;
  return <Shown of={execution} />;
}

function Shown({ of }: { of: Execution }): ReactNode {
  return (
    <>
      <Head
        state={stateOf(of)}
        title={of.name}
        noun="Execution"
        id={of.id}
        actions={<ExecutionDeeds of={of} />}
      >
        {of.agent && <span>{of.agent}</span>}
        {of.role && <span>{of.role}</span>}
        {of.lease_holder && (
          <span>{of.ended_at ? `was held by ${of.lease_holder}` : `held by ${of.lease_holder}`}</span>
        )}
        {of.attempt > 1 && (
          <span>
            attempt {of.attempt} of {of.max_attempts}
          </span>
        )}
        <span>
          begun <Time at={of.started_at ?? of.created_at} />
        </span>
      </Head>
      {of.error_message && <p className={common.said}>{of.error_message}</p>}
      <Progress of={of} />
      <Course of={of} />
      <Section title="Log">
        <Log executionId={of.id} count={of.log_count} />
      </Section>
      <Given of={of} />
    </>
  );
}

function Progress({ of }: { of: Execution }): ReactNode {
  const now = useNow();
  const eta = progressOf(of);
  const steps = of.total_steps === null ? null : `${of.completed_steps} of ${of.total_steps} steps`;
  return (
    <Section
      title={of.ended_at ? endedOf(of) : (of.current_activity ?? "Progress")}
      aside={[steps, of.ended_at ? null : remainingOf(of.eta)].filter(Boolean).join(" · ")}
    >
      <HonestBar progress={eta} elapsedSeconds={elapsedOf(of, now)} label={`progress of ${of.name}`} />
      {of.eta?.warnings.map(warning => (
        <p key={warning} className={common.quiet}>
          {warning}
        </p>
      ))}
    </Section>
  );
}

function endedOf(of: Execution): string {
  const seconds = elapsedOf(of);
  return seconds === null ? of.status : `${of.status} after ${durationOf(1_000 * seconds)}`;
}

function Course({ of }: { of: Execution }): ReactNode {
  const now = useNow();
  const metered = useEvents(of.id, { type: "execution.metered" });
  const steps = useWhole<Step>("executions", of.id, "steps");
  const grips = gripsOf(of, useHandovers(of));
  const series = seriesOf(metered.rows);
  const endedAt = of.ended_at === null ? null : Date.parse(of.ended_at);
  if (of.started_at === null) return null;
  return (
    <>
      <Section title="Who did what when" aside={toldOf(grips.filter(grip => grip.end === "died").length)}>
        <Gantt grips={grips} steps={steps.data ?? []} endedAt={endedAt} />
      </Section>
      {series.length > 0 && (
        <Section title="What it used">
          <Plots series={series} from={Date.parse(of.started_at)} to={endedAt ?? now} />
        </Section>
      )}
    </>
  );
}

function toldOf(deaths: number): string {
  if (deaths === 0) return "";
  return deaths === 1
    ? "its worker died once; another went on"
    : `its worker died ${deaths} times; another went on each time`;
}

function Given({ of }: { of: Execution }): ReactNode {
  return (
    <>
      {isSomething(of.result) && (
        <Section title="Result">
          <Value of={of.result} />
        </Section>
      )}
      {isSomething(of.input) && (
        <Section title="Input">
          <Value of={of.input} />
        </Section>
      )}
      <Section title="Belongs to">
        <p className={common.line}>
          {of.directive_id && <Go to={["directive", of.directive_id]}>its directive</Go>}
          {of.session_id && <Go to={["session", of.session_id]}>its session</Go>}
          {of.supervisor_id && <Go to={["supervisor", of.supervisor_id]}>its supervisor</Go>}
          {!of.directive_id && !of.session_id && !of.supervisor_id && "nothing: it was begun by itself"}
        </p>
      </Section>
    </>
  );
}
