import type { ReactNode } from "react";
import { clockOf, Empty, StateMark, Time, wordsOf } from "../../parts/index.js";
import { durationOf } from "../common/durations.js";
import type { Finding, Restoration, RestorationPreview } from "../common/rows.js";
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
      {OUTCOMES[of.outcome] && <p className={css.outcome}>{OUTCOMES[of.outcome]}</p>}
      <Findings of={others} />
      <Kept of={kept} isAlone={others.length === 0} />
      <Context of={of.context} summary="What its agent was told" />
    </li>
  );
}

/** What is as it should be, behind a line: there is much of it, and nothing to do. */
function Kept({ of, isAlone }: { of: readonly Finding[]; isAlone: boolean }): ReactNode {
  if (of.length === 0) return null;
  return (
    <details open={isAlone || undefined}>
      <summary>{of.length} found as they should be, and kept</summary>
      <Findings of={of} />
    </details>
  );
}

function Context({ of, summary }: { of: string; summary: string }): ReactNode {
  if (of === "") return null;
  return (
    <details>
      <summary>{summary}</summary>
      <pre className={css.context}>{of}</pre>
    </details>
  );
}

/** What a restoration would find if it came now. */
export function Preview({ of }: { of: RestorationPreview }): ReactNode {
  const others = of.findings.filter(each => each.action !== "keep");
  return (
    <div className={css.preview}>
      {OUTCOMES[of.outcome] && <p className={css.outcome}>{OUTCOMES[of.outcome]}</p>}
      <Findings of={others} />
      <Kept of={of.findings.filter(each => each.action === "keep")} isAlone={others.length === 0} />
      <Context of={of.context} summary="What its agent would be told" />
    </div>
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
        <li key={`${each.finding} ${each.subject}`} data-action={each.action} data-finding={each.finding}>
          <span>
            <StateMark state={markOf(each)} size={10} /> {wordsOf(each.finding)}
          </span>
          <span className={css.subject}>
            {WORDED.has(each.finding) ? wordsOf(each.subject) : each.subject}
          </span>
          <span className={css.action}>{wordsOf(each.action)}</span>
          <span>{each.reason}</span>
        </li>
      ))}
    </ul>
  );
}

/** A thing's own state where the finding is about that, else what follows from it. */
function markOf({ finding, action, subject }: Finding): string {
  const state = finding.slice(finding.indexOf("_") + 1);
  if (finding.startsWith("state_")) return subject;
  if (MARKED.has(state) && !finding.startsWith("work_")) return state;
  return MARKS[action] ?? "completed";
}

/** Their subject is a state or a source, not a name. */
const WORDED: ReadonlySet<string> = new Set(
  "state_loaded state_missing state_drawn state_undrawn restoration_counted".split(" "),
);
const MARKED: ReadonlySet<string> = new Set(
  "completed failed cancelled pending running interrupted open answered".split(" "),
);
const MARKS: Readonly<Record<string, string>> = {
  keep: "completed",
  repair: "interrupted",
  drop: "cancelled",
  respawn: "interrupted",
  go_back: "failed",
  start_fresh: "failed",
  ask: "open",
  finish: "completed",
};

const OUTCOMES: Readonly<Record<string, string>> = {
  asked: "It stops, and asks a person.",
  finished: "There is nothing left to do: it ends.",
};

const SOURCES: Readonly<Record<string, string>> = {
  lease_expired: "Its worker died: the lease ran out",
  daemon_restart: "Its worker was stopped and gave it back",
  task_reassigned: "Its work was given to another",
  manual: "A person had it taken up again",
  checkpoint: "A person named the checkpoint from which it goes on",
};
