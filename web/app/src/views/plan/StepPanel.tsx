import type { ReactNode } from "react";
import { Facts, StateMark, Time, wordsOf } from "../../parts/index.js";
import { Go } from "../../shell/Go.js";
import { Answer } from "../common/Answer.js";
import common from "../common/common.module.css";
import { durationOf } from "../common/durations.js";
import type { Evidence, Plan, PlanStep } from "../common/rows.js";
import { isSomething, Value } from "../common/Value.js";
import { RollBack } from "./PlanDeeds.js";
import css from "./StepPanel.module.css";

/** What is known of one step: each round, its gate, and the evidence that it is done. */
export function StepPanel({
  plan,
  rounds,
  items,
  choose,
}: {
  plan: Plan;
  rounds: readonly PlanStep[];
  items: readonly PlanStep[];
  choose: (key: string) => void;
}): ReactNode {
  const [newest] = rounds;
  if (newest === undefined) return null;
  return (
    <section className={css.panel} aria-label={`The step ${newest.title}`}>
      <h2>{newest.title}</h2>
      {newest.status === "waiting" && newest.gate && <Answer questionId={newest.gate.id} />}
      {newest.status === "completed" && newest.report_id && !newest.released_at && (
        <Answer questionId={newest.report_id} />
      )}
      {newest.of_step === null && newest.started_at !== null && (
        <RollBack of={plan} step={newest.step_key} title={newest.title} />
      )}
      {items.length > 0 && <Items of={items} choose={choose} />}
      {rounds.map(round => (
        <Round key={round.round} of={round} isOnly={rounds.length === 1} />
      ))}
    </section>
  );
}

/** The items of a foreach, each a step of its own. */
function Items({ of, choose }: { of: readonly PlanStep[]; choose: (key: string) => void }): ReactNode {
  return (
    <ul className={css.items} aria-label="its items">
      {of.map(each => (
        <li key={each.step_key}>
          <StateMark state={each.status} size={11} />{" "}
          <button type="button" onClick={() => choose(each.step_key)}>
            {each.title}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Round({ of, isOnly }: { of: PlanStep; isOnly: boolean }): ReactNode {
  return (
    <div className={css.round}>
      <h3>
        <StateMark state={of.status} size={11} />{" "}
        {isOnly ? wordsOf(of.status) : `Round ${of.round}: ${wordsOf(of.status)}`}
      </h3>
      <Facts
        of={[
          ["step", <code key="key">{of.step_key}</code>],
          ["role", of.role],
          ["needs", of.needs.join(", ")],
          ["attempt", of.attempt > 1 ? of.attempt : null],
          ["begun", of.started_at && <Time at={of.started_at} />],
          ["took", tookOf(of)],
          ["undo", of.undo_id && <Go to={["execution", of.undo_id]}>{of.undo_status}</Go>],
          ["execution", of.execution_id && <Go to={["execution", of.execution_id]}>what it did</Go>],
        ]}
      />
      {of.error_message && <p className={common.said}>{of.error_message}</p>}
      {of.skip_reason && <p className={common.quiet}>Skipped: {of.skip_reason}</p>}
      {isSomething(of.findings) && (
        <>
          <p className={common.quiet}>Sent back with these findings:</p>
          <Value of={of.findings} />
        </>
      )}
      {of.evidence && <Shown evidence={of.evidence} />}
      {of.has_verification && !of.evidence && of.ended_at === null && (
        <p className={common.quiet}>It is completed when its verification has passed.</p>
      )}
    </div>
  );
}

function tookOf(of: PlanStep): string | null {
  if (of.started_at === null || of.ended_at === null) return null;
  return durationOf(Date.parse(of.ended_at) - Date.parse(of.started_at));
}

function Shown({ evidence }: { evidence: Evidence }): ReactNode {
  const { command, exit_code, output_digest, output_tail, duration_ms } = evidence;
  return (
    <figure className={css.evidence} data-passed={exit_code === 0}>
      <figcaption>
        <code>{typeof command === "string" ? command : command.join(" ")}</code>
        <span>{exit_code === 0 ? "passed" : `ended with ${exit_code}`}</span>
        {duration_ms !== null && <span>{durationOf(duration_ms)}</span>}
      </figcaption>
      {output_tail && <pre>{output_tail}</pre>}
      {output_digest && (
        <p className={css.digest} title={`SHA-256 of all it printed: ${output_digest}`}>
          sha256 {output_digest.replace(/^\\x/, "").slice(0, 16)}…
        </p>
      )}
    </figure>
  );
}
