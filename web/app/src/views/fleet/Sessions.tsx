import type { ReactNode } from "react";
import { useList } from "../../data/queries.js";
import type { Session } from "../../data/rows.js";
import {
  Empty,
  Failure,
  HonestBar,
  Rows,
  Skeleton,
  StateMark,
  Time,
  useColumns,
  useListKeys,
  wordsOf,
} from "../../parts/index.js";
import { pathTo, useAddress, useInAddress } from "../../shell/address.js";
import { Go } from "../../shell/Go.js";
import { percentOnly } from "../common/percent.js";
import css from "./fleet.module.css";

const CARD = { width: 320, height: 96 };

/** The sessions of agent programs, and what each has claimed. */
export function Sessions(): ReactNode {
  const [state] = useInAddress("state", "all");
  const [q] = useInAddress("q");
  const list = useList<Session>("sessions", { state: state === "all" ? null : state, q, limit: 100 });
  const { open, go } = useAddress();
  const show = (id: string) => go(pathTo("session", id), { keep: true });
  const [frame, columns] = useColumns(CARD.width);
  const cursor = useListKeys(
    list.rows.map(row => row.id),
    show,
    columns,
  );
  if (list.error && list.rows.length === 0) return <Failure problem={list.error} again={list.refetch} />;
  if (list.isLoading) return <Skeleton rows={6} height={CARD.height} />;
  if (list.rows.length === 0) return <None isFiltered={state !== "all" || q !== ""} />;
  return (
    <div ref={frame} className="fill">
      <Rows
        rows={list.rows}
        label="Sessions"
        height={CARD.height}
        columns={columns}
        cursor={cursor}
        open={open?.id ?? null}
        onOpen={row => show(row.id)}
        more={list.more}
      >
        {row => <SessionCard session={row} />}
      </Rows>
    </div>
  );
}

function SessionCard({ session }: { session: Session }): ReactNode {
  const state = session.interrupted ? "lost" : session.state;
  return (
    <article className={css.card} data-state={state} aria-label={`${session.session_id}: ${wordsOf(state)}`}>
      <div className={css.top}>
        <StateMark state={state} />
        <strong title={session.session_id}>
          <Go to={["session", session.id]} keep>
            {session.session_id}
          </Go>
        </strong>
        {session.phase && <span className={css.phase}>{session.phase}</span>}
      </div>
      <p className={css.activity}>{doingOf(session, state)}</p>
      <Walk session={session} />
      <div className={css.bottom}>
        <span>{session.agent}</span>
        {session.orchestrator_key !== null && (
          <span>
            {session.completed_children} of {session.total_children} of {session.orchestrator_key}
          </span>
        )}
        <span className={css.when}>
          <Time at={session.ended_at ?? session.heartbeat_at ?? session.created_at} />
        </span>
      </div>
    </article>
  );
}

function doingOf(session: Session, state: string): ReactNode {
  if (session.open_questions > 0) return "waits for your answer";
  if (state === "lost") return session.sd_key ? `no sign of life; held ${session.sd_key}` : "no sign of life";
  if (session.sd_key === null) return session.end_reason ?? wordsOf(state);
  return (
    <>
      <Go to={["directive", session.sd_key]}>{session.sd_key}</Go> {session.directive_title}
    </>
  );
}

/** How far its walk through an orchestrator's children has come. */
function Walk({ session }: { session: Session }): ReactNode {
  if (session.walk_progress === null) return <span />;
  return (
    <HonestBar
      progress={percentOnly(session.walk_progress, "children")}
      label={`progress of ${session.orchestrator_key}`}
      isThin={session.ended_at !== null}
    />
  );
}

function None({ isFiltered }: { isFiltered: boolean }): ReactNode {
  if (isFiltered) return <Empty title="No session is like that.">Take a filter away to see others.</Empty>;
  return (
    <Empty title="No agent program is known yet." command="holdfast hooks install">
      A session stands here for each run of Claude Code, Codex or Gemini, with what it has claimed. To make
      them known, run in a project:
    </Empty>
  );
}
