import type { ReactNode } from "react";
import { useList } from "../../data/queries.js";
import type { Question } from "../../data/rows.js";
import {
  Button,
  Empty,
  Failure,
  numberOf,
  Skeleton,
  StateMark,
  Time,
  useListKeys,
} from "../../parts/index.js";
import { pathTo, useAddress, useInAddress } from "../../shell/address.js";
import { Go } from "../../shell/Go.js";
import { Choice, ListHead } from "../../shell/ListHead.js";
import { AnswerForm } from "./AnswerForm.js";
import { Counts } from "./Counts.js";
import css from "./needs-you.module.css";
import { Where } from "./Where.js";
import { Working } from "./Working.js";

const STATUSES = [
  ["open", "Open"],
  ["answered", "Answered"],
  ["expired", "Expired"],
  ["all", "All"],
] as const;

const WHOSE = [
  ["all", "Everybody's"],
  ["mine", "Mine"],
] as const;

/** What waits for a person, and how the others stand. */
export function List(): ReactNode {
  const [status] = useInAddress("status", "open");
  const [whose] = useInAddress("whose", "all");
  const questions = useList<Question>("questions", {
    status: status === "all" ? null : status,
    mine: whose === "mine" || null,
    order: status === "open" ? "oldest" : null, // who has waited longest stands first
    limit: 50,
  });
  const { open, go } = useAddress();
  const show = (id: string) => go(pathTo("question", id), { keep: true });
  const moved = useListKeys(
    questions.rows.map(row => row.id),
    show,
  );
  const cursor = open?.id ?? moved ?? questions.rows[0]?.id ?? null;
  return (
    <>
      <ListHead
        title="Needs you"
        count={questions.rows.length > 0 ? numberOf(questions.rows.length) : undefined}
      >
        <Choice name="status" label="Which questions" of={STATUSES} otherwise="open" />
        <Choice name="whose" label="For whom" of={WHOSE} otherwise="all" />
      </ListHead>
      <Counts />
      <div className={css.all}>
        <Questions
          list={questions}
          cursor={cursor}
          isAlone={open === null}
          show={show}
          isOpen={status === "open"}
        />
        {status === "open" && open === null && <Working />}
      </div>
    </>
  );
}

function Questions(props: {
  list: ReturnType<typeof useList<Question>>;
  cursor: string | null;
  isAlone: boolean;
  isOpen: boolean;
  show: (id: string) => void;
}): ReactNode {
  const { list } = props;
  if (list.error && list.rows.length === 0) return <Failure problem={list.error} again={list.refetch} />;
  if (list.isLoading) return <Skeleton rows={4} height={72} />;
  if (list.rows.length === 0) return props.isOpen ? <Calm /> : <Empty title="None." />;
  return (
    <ul className={css.list} aria-label="Questions">
      {list.rows.map(row => (
        <Row
          key={row.id}
          row={row}
          hasCursor={row.id === props.cursor}
          isAlone={props.isAlone}
          show={props.show}
        />
      ))}
      {list.hasMore && (
        <li className={css.more}>
          <Button onClick={list.more}>More</Button>
        </li>
      )}
    </ul>
  );
}

function Row(props: {
  row: Question;
  hasCursor: boolean;
  isAlone: boolean;
  show: (id: string) => void;
}): ReactNode {
  const { row } = props;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: j, k and enter do it, and the message is a link
    <li
      className={css.row}
      data-cursor={props.hasCursor || undefined}
      data-status={row.status}
      onClick={() => props.show(row.id)}
    >
      <span className={css.age}>
        <Time at={row.created_at} />
      </span>
      <div className={css.what}>
        <span className={css.message}>
          <Go to={["question", row.id]} keep>
            <StateMark state={row.status} /> {row.message}
          </Go>
        </span>
        <Where question={row} />
      </div>
      {row.status === "open" && props.isAlone && (
        <AnswerForm question={row} hasKeys={props.hasCursor} open={() => props.show(row.id)} />
      )}
    </li>
  );
}

function Calm(): ReactNode {
  return (
    <Empty title="Nobody waits for you." command="holdfast run plan.yaml">
      Questions and gates of agents stand here as soon as they are asked, with what is needed to answer them.
      A plan with a gate asks one:
    </Empty>
  );
}
