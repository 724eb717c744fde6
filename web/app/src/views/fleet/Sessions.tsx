import type { ReactNode } from "react";
import { useList } from "../../data/queries.js";
import type { Session } from "../../data/rows.js";
import { Empty, Failure, Rows, Skeleton, StateMark, Time, useListKeys, wordsOf } from "../../parts/index.js";
import { pathTo, useAddress, useInAddress } from "../../shell/address.js";
import { Go } from "../../shell/Go.js";
import css from "./fleet.module.css";
import { useColumns } from "./useColumns.js";

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
  return (
    <article className={css.card} data-state={session.state}>
      <div className={css.top}>
        <StateMark state={session.state} />
        <strong title={session.session_id}>{session.session_id}</strong>
        {session.phase && <span className={css.phase}>{session.phase}</span>}
      </div>
      <p className={css.activity}>{session.current_activity ?? wordsOf(session.state)}</p>
      <p className={css.activity}>
        {session.sd_key ? (
          <>
            holds <Go to={["directive", session.sd_key]}>{session.sd_key}</Go> {session.directive_title}
          </>
        ) : (
          "holds nothing"
        )}
      </p>
      <div className={css.bottom}>
        <span>{session.agent}</span>
        <span className={css.when}>
          <Time at={session.heartbeat_at ?? session.created_at} />
        </span>
      </div>
    </article>
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
