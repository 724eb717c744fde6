import type { Execution } from "@holdfast/react";
import type { ReactNode } from "react";
import { useList, useOne } from "../../data/queries.js";
import { Facts, HonestBar, Section, StateMark, Time } from "../../parts/index.js";
import { Go } from "../../shell/Go.js";
import { Answer } from "../common/Answer.js";
import common from "../common/common.module.css";
import { Head } from "../common/Head.js";
import { Loaded } from "../common/Loaded.js";
import { percentOnly } from "../common/percent.js";
import { useEvents } from "../common/useEvents.js";
import { useWhole } from "../common/useWhole.js";
import { EventTable } from "../events/EventTable.js";
import type { DetailProps } from "../registry.js";
import { Divergences } from "./Divergences.js";
import { Hooks } from "./Hooks.js";
import type { Claim, SessionDetail } from "./rows.js";
import { SessionDeeds } from "./SessionDeeds.js";

/** One run of an agent program: what it holds, what it is at, and where its files and the database differed. */
export function Detail({ id }: DetailProps): ReactNode {
  const session = useOne<SessionDetail>("sessions", id);
  return (
    <Loaded query={session} rows={8}>
      {of => <Shown of={of} />}
    </Loaded>
  );
}

function Shown({ of }: { of: SessionDetail }): ReactNode {
  const questions = useList<{ id: string; session_id: string | null }>("questions", { status: "open" });
  return (
    <>
      <Head
        state={of.state}
        title={of.session_id}
        noun="Session"
        id={of.id}
        actions={<SessionDeeds of={of} />}
      >
        {of.agent && <span>{of.agent}</span>}
        {of.lease_holder && <span>{of.lease_holder}</span>}
        <span>
          begun <Time at={of.created_at} />
        </span>
        {of.heartbeat_at && !of.ended_at && (
          <span>
            last heard of <Time at={of.heartbeat_at} />
          </span>
        )}
      </Head>
      {questions.rows
        .filter(question => question.session_id === of.id)
        .map(question => (
          <Answer key={question.id} questionId={question.id} />
        ))}
      <Place of={of} />
      <Walk of={of} />
      <Doing id={of.id} />
      <Divergences id={of.id} />
      <Hooks id={of.id} />
      <Told of={of} />
    </>
  );
}

function Place({ of }: { of: SessionDetail }): ReactNode {
  const claims = useWhole<Claim>("sessions", of.session_id, "claims");
  const all = claims.data ?? [];
  return (
    <Section title="Its place">
      <Facts
        of={[
          ["branch", text(of.metadata.branch)],
          ["work tree", text(of.metadata.work_tree)],
          ["silent until", of.expected_silence_until && <Time at={of.expected_silence_until} />],
          ["ended because", of.end_reason],
        ]}
      />
      {all.length === 0 && <p className={common.quiet}>It has claimed nothing.</p>}
      <table className={common.table}>
        <tbody>
          {all.map(claim => (
            <ClaimRow key={`${claim.directive_id} ${claim.claimed_at}`} of={claim} session={of} />
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function ClaimRow({ of, session }: { of: Claim; session: SessionDetail }): ReactNode {
  const isOpen = of.ended_at === null;
  return (
    <tr>
      <td>
        <StateMark state={isOpen ? (session.is_holding ? "active" : "lost") : "ended"} size={11} />{" "}
        <Go to={["directive", of.sd_key]}>{of.sd_key}</Go>
      </td>
      <td>{of.title}</td>
      <td className={common.quiet}>{isOpen ? howOf(of) : endOf(of, session.session_id)}</td>
      <td className={common.number}>
        <Time at={of.ended_at ?? of.claimed_at} />
      </td>
    </tr>
  );
}

function howOf(of: Claim): string {
  return of.taken_from && of.mechanism === "forced"
    ? `taken from ${of.taken_from}: ${of.reason}`
    : "holds it";
}

function endOf(of: Claim, self: string): string {
  if (of.ended_by === "directive.claimed")
    return of.next_session === self ? "claimed again" : `went to ${of.next_session}`;
  const how = (of.ended_by ?? "").replace("directive.", "");
  return of.end_reason ? `${how}: ${of.end_reason}` : how;
}

function Walk({ of }: { of: SessionDetail }): ReactNode {
  if (!of.orchestrator_key) return null;
  const [done, all] = [of.completed_children ?? 0, of.total_children ?? 0];
  return (
    <Section title="Auto-proceed" aside={`${done} of ${all} children`}>
      <HonestBar progress={percentOnly(all > 0 ? (100 * done) / all : null)} label="progress of the walk" />
      <p className={common.line}>
        <span>
          walks <Go to={["directive", of.orchestrator_key]}>{of.orchestrator_key}</Go>
        </span>
        {of.active_sd_key && <span>now at {of.active_sd_key}</span>}
        {of.decision && <span>last decision: {of.decision}</span>}
        {(of.pause_reason ?? of.why) && <span>{of.pause_reason ?? of.why}</span>}
      </p>
    </Section>
  );
}

function Doing({ id }: { id: string }): ReactNode {
  const { rows } = useList<Execution>("executions", { session_id: id, eta: 1 });
  if (rows.length === 0) return null;
  return (
    <Section title="What it does">
      <table className={common.table}>
        <tbody>
          {rows.map(row => (
            <tr key={row.id}>
              <td>
                <StateMark state={row.status} size={11} /> <Go to={["execution", row.id]}>{row.name}</Go>
              </td>
              <td className={common.quiet}>{row.current_activity}</td>
              <td className={common.number}>
                {row.total_steps ? `${row.completed_steps} of ${row.total_steps}` : ""}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function Told({ of }: { of: SessionDetail }): ReactNode {
  const events = useEvents(of.id, {}, 200);
  return (
    <Section title="What was told of it" aside={`${events.rows.length} events`}>
      <EventTable rows={events.rows.slice(0, 50)} />
    </Section>
  );
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
