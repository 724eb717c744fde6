import type { ReactNode } from "react";
import { clockOf, Empty, StateMark, Time, wordsOf } from "../../parts/index.js";
import { durationOf } from "../common/durations.js";
import type { Finding, Restoration } from "../common/rows.js";
import css from "./Restorations.module.css";

/** Every time that Holdfast took hold again: how long nobody held it, what was found, and what was done about it. */
export function Restorations({ of }: { of: readonly Restoration[] }): ReactNode {
  if (of.length === 0)
    return (
      <Empty title="It was never interrupted.">
        When its worker dies, another takes hold, and what that one found stands here.
      </Empty>
    );
  return (
    <ol className={css.restorations}>
      {of
        .toSorted((a, b) => b.number - a.number)
        .map(each => (
          <Shown key={each.number} of={each} />
        ))}
    </ol>
  );
}

function Shown({ of }: { of: Restoration }): ReactNode {
  const kept = of.findings.filter(each => each.action === "keep");
  const others = of.findings.filter(each => each.action !== "keep");
  return (
    <li>
      <header>
        <b className={css.number}>{of.number}</b>
        <span>
          {SOURCES[of.source] ?? of.source}
          {of.holder && `, taken up by ${of.holder}`}
        </span>
        <span className={css.when}>
          <Gone of={of} /> <Time at={of.restored_at} />
        </span>
      </header>
      <Findings of={others} />
      {kept.length > 0 && (
        <details open={others.length === 0 || undefined}>
          <summary>{kept.length} found as they should be, and kept</summary>
          <Findings of={kept} />
        </details>
      )}
    </li>
  );
}

function Gone({ of }: { of: Restoration }): ReactNode {
  if (of.interrupted_at === null) return null;
  const ms = Date.parse(of.restored_at) - Date.parse(of.interrupted_at);
  return (
    <span title={`from ${clockOf(of.interrupted_at)} to ${clockOf(of.restored_at)}`}>
      nobody held it for {durationOf(ms)} ·
    </span>
  );
}

function Findings({ of }: { of: readonly Finding[] }): ReactNode {
  if (of.length === 0) return null;
  return (
    <ul className={css.findings}>
      {of.map(each => (
        <li key={`${each.finding} ${each.subject}`} data-action={each.action}>
          <span>
            <StateMark state={each.finding.slice(each.finding.indexOf("_") + 1)} size={10} /> {nounOf(each)}
          </span>
          <span className={css.subject}>
            {each.finding === "state" ? wordsOf(each.subject) : each.subject}
          </span>
          <span className={css.action}>{each.action}</span>
          <span>{each.reason}</span>
        </li>
      ))}
    </ul>
  );
}

function nounOf({ finding }: Finding): string {
  const at = finding.indexOf("_");
  return at < 0 ? finding : `${finding.slice(0, at)} ${finding.slice(at + 1).replaceAll("_", " ")}`;
}

const SOURCES: Readonly<Record<string, string>> = {
  lease_expired: "Its worker died: the lease ran out",
  daemon_restart: "Its worker was stopped and gave it back",
  task_reassigned: "Its work was given to another",
  manual: "A person had it taken up again",
  checkpoint: "It went on from a checkpoint",
};
