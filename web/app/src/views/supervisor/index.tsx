import { type Execution, stateOf as executionStateOf } from "@holdfast/react";
import { type ReactNode, useState } from "react";
import { useList, useOne } from "../../data/queries.js";
import { GripLine, HonestBar, Section, StateMark, Time, useNow } from "../../parts/index.js";
import { Go } from "../../shell/Go.js";
import { Answer } from "../common/Answer.js";
import common from "../common/common.module.css";
import { Head } from "../common/Head.js";
import { Loaded } from "../common/Loaded.js";
import { percentOnly } from "../common/percent.js";
import type { Restoration, RestorationPreview, Supervisor, SupervisorStep } from "../common/rows.js";
import { StepTable } from "../common/StepTable.js";
import { useWhole } from "../common/useWhole.js";
import type { DetailProps } from "../registry.js";
import { Checkpoints } from "./Checkpoints.js";
import { gripsOf } from "./grips.js";
import { Preview, Restorations } from "./Restorations.js";
import { SupervisorDeeds } from "./SupervisorDeeds.js";

/** One coordinator: what it does, what it asks, and what each restoration found. */
export function Detail({ id }: DetailProps): ReactNode {
  const supervisor = useOne<Supervisor>("supervisors", id);
  return (
    <Loaded query={supervisor} rows={8}>
      {of => <Shown of={of} />}
    </Loaded>
  );
}

function Shown({ of }: { of: Supervisor }): ReactNode {
  return (
    <>
      <Head
        state={of.interrupted ? "interrupted" : of.paused_at ? "paused" : of.state}
        title={of.name}
        noun="Supervisor"
        id={of.id}
        actions={<SupervisorDeeds of={of} />}
      >
        {of.phase && <span>phase {of.phase}</span>}
        {of.lease_holder && !of.ended_at && <span>held by {of.lease_holder}</span>}
        {of.directive_id && <Go to={["directive", of.directive_id]}>its directive</Go>}
        {of.forked_from && <Go to={["supervisor", of.forked_from]}>begun from another one</Go>}
        <span>
          begun <Time at={of.started_at ?? of.created_at} />
        </span>
      </Head>
      {of.paused_at && (
        <p className={common.quiet}>
          Paused <Time at={of.paused_at} />
          {of.pause_reason && `: ${of.pause_reason}`}
        </p>
      )}
      {of.error_message && <p className={common.said}>{of.error_message}</p>}
      {of.pending_questions
        .filter(question => question.status === "open")
        .map(question => (
          <Answer key={question.id} questionId={question.id} />
        ))}
      <Section
        title={of.current_activity ?? "Progress"}
        aside={of.progress === null ? null : `${Math.round(Number(of.progress))} %`}
      >
        <HonestBar progress={percentOnly(of.progress)} label={`progress of ${of.name}`} />
      </Section>
      <Restored of={of} />
      <Steps id={of.id} />
      <Spawned id={of.id} />
      <Checkpoints of={of} />
    </>
  );
}

function Restored({ of }: { of: Supervisor }): ReactNode {
  const now = useNow();
  const restorations = useWhole<Restoration>("supervisors", of.id, "restorations");
  const aside = of.deaths_in_a_row > 1 ? `died ${of.deaths_in_a_row} times without getting on` : null;
  return (
    <Section title="Restorations" aside={aside}>
      <Loaded query={restorations}>
        {all => (
          <>
            <GripLine grips={gripsOf(of, all)} now={now} />
            <Restorations of={all} />
            {of.ended_at === null && <IfItCameNow id={of.id} />}
          </>
        )}
      </Loaded>
    </Section>
  );
}

/** Read only when somebody wants to see it. */
function IfItCameNow({ id }: { id: string }): ReactNode {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details onToggle={event => setIsOpen(event.currentTarget.open)}>
      <summary className={common.quiet}>What a restoration would find now</summary>
      {isOpen && <FoundNow id={id} />}
    </details>
  );
}

function FoundNow({ id }: { id: string }): ReactNode {
  const preview = useOne<RestorationPreview>("supervisors", id, "restoration");
  return <Loaded query={preview}>{found => <Preview of={found} />}</Loaded>;
}

function Steps({ id }: { id: string }): ReactNode {
  const steps = useWhole<SupervisorStep>("supervisors", id, "steps");
  const items = (steps.data ?? []).map(each =>
    each.dropped_at === null
      ? each
      : { ...each, name: each.name.replace(/~\d+$/, " (taken back)"), status: "cancelled" },
  );
  if (items.length === 0) return null;
  return (
    <Section title="Steps" aside="each runs once, ever">
      <StepTable steps={items} />
    </Section>
  );
}

function Spawned({ id }: { id: string }): ReactNode {
  const { rows } = useList<Execution>("executions", { supervisor_id: id });
  if (rows.length === 0) return null;
  return (
    <Section title="Executions" aside={`${rows.length}`}>
      <table className={common.table}>
        <tbody>
          {rows.map(row => (
            <tr key={row.id}>
              <td>
                <StateMark state={executionStateOf(row)} size={11} />{" "}
                <Go to={["execution", row.id]}>{row.name}</Go>
              </td>
              <td className={common.quiet}>{row.agent}</td>
              <td className={common.number}>
                <Time at={row.ended_at ?? row.started_at ?? row.created_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
