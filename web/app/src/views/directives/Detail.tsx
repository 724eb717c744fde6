import { type Execution, stateOf } from "@holdfast/react";
import type { ReactNode } from "react";
import { useList, useOne } from "../../data/queries.js";
import { Facts, HonestBar, Section, StateMark, Time } from "../../parts/index.js";
import { Go } from "../../shell/Go.js";
import common from "../common/common.module.css";
import { Head } from "../common/Head.js";
import { Loaded } from "../common/Loaded.js";
import { percentOnly } from "../common/percent.js";
import type { Directive } from "../common/rows.js";
import { useEvents } from "../common/useEvents.js";
import { EventTable } from "../events/EventTable.js";
import { HeldAt } from "../events/HeldAt.js";
import type { DetailProps } from "../registry.js";
import { DirectiveDeeds } from "./DirectiveDeeds.js";
import { PhaseTrack } from "./PhaseTrack.js";

/** One directive: who holds it and held it, what it needs, what is below it, what was done for it. */
export function Detail({ id }: DetailProps): ReactNode {
  const directive = useOne<Directive>("directives", id);
  return (
    <Loaded query={directive} rows={8}>
      {of => <Shown of={of} />}
    </Loaded>
  );
}

function Shown({ of }: { of: Directive }): ReactNode {
  return (
    <>
      <Head
        state={of.status}
        title={of.title}
        noun={`Directive ${of.sd_key}`}
        id={of.id}
        actions={<DirectiveDeeds of={of} />}
      >
        <PhaseTrack phase={of.phase} status={of.status} />
        {of.held_by && of.held_since ? (
          <span>
            held by <Go to={["session", of.held_by]}>{of.held_by}</Go> since <Time at={of.held_since} />
          </span>
        ) : (
          <span>nobody holds it</span>
        )}
      </Head>
      {of.blocked_reason && <p className={common.said}>Blocked: {of.blocked_reason}</p>}
      {of.description && <p>{of.description}</p>}
      <Section title="What it stands on">
        <Facts
          of={[
            ["part of", of.parent_key && <Go to={["directive", of.parent_key]}>{of.parent_key}</Go>],
            ["needs", of.needs.length > 0 && <Needs keys={of.needs} />],
            ["done when", of.verification && <code>{of.verification}</code>],
            ["priority", of.priority],
            ["begun", of.started_at && <Time at={of.started_at} />],
            ["ended", of.ended_at && <Time at={of.ended_at} />],
          ]}
        />
      </Section>
      <Children of={of} />
      <Done id={of.id} />
      <History of={of} />
    </>
  );
}

function Needs({ keys }: { keys: readonly string[] }): ReactNode {
  return (
    <span className={common.line}>
      {keys.map(key => (
        <Go key={key} to={["directive", key]}>
          {key}
        </Go>
      ))}
    </span>
  );
}

function Children({ of }: { of: Directive }): ReactNode {
  const { rows } = useList<Directive>("directives", { parent: of.sd_key });
  if (of.total_children === 0) return null;
  return (
    <Section title="Below it" aside={`${of.completed_children} of ${of.total_children} done`}>
      <HonestBar
        progress={percentOnly((100 * of.completed_children) / of.total_children)}
        label={`progress of ${of.sd_key}`}
      />
      <table className={common.table}>
        <tbody>
          {rows.toReversed().map(row => (
            <tr key={row.id}>
              <td>
                <StateMark state={row.status} size={11} />{" "}
                <Go to={["directive", row.sd_key]}>{row.sd_key}</Go>
              </td>
              <td>{row.title}</td>
              <td className={common.number}>{row.held_by ?? row.phase}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function Done({ id }: { id: string }): ReactNode {
  const { rows } = useList<Execution>("executions", { directive_id: id });
  if (rows.length === 0) return null;
  return (
    <Section title="What was done for it">
      <table className={common.table}>
        <tbody>
          {rows.map(row => (
            <tr key={row.id}>
              <td>
                <StateMark state={stateOf(row)} size={11} /> <Go to={["execution", row.id]}>{row.name}</Go>
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

function History({ of }: { of: Directive }): ReactNode {
  const events = useEvents(of.id, {}, 200);
  return (
    <Section title="Who held it when">
      <HeldAt sdKey={of.sd_key} />
      <EventTable rows={events.rows.slice(0, 50)} />
    </Section>
  );
}
