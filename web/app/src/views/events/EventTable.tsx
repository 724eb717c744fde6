import type { ReactNode } from "react";
import { clockOf, exactOf, StateMark } from "../../parts/index.js";
import { Go } from "../../shell/Go.js";
import type { EventRow } from "../common/rows.js";
import css from "./events.module.css";
import { idOf, kindOfType, saysOf } from "./words.js";

/** Events under each other, the newest first. */
export function EventTable({ rows, chosen }: { rows: readonly EventRow[]; chosen?: number }): ReactNode {
  return (
    <ul className={css.table}>
      {rows.map(row => (
        <li key={idOf(row)} data-open={row.seq === chosen || undefined}>
          <EventLine of={row} />
        </li>
      ))}
    </ul>
  );
}

/** One event as one line: when, what, of what, by whom. */
export function EventLine({ of }: { of: EventRow }): ReactNode {
  return (
    <div className={css.lines}>
      <div className={css.line}>
        <time dateTime={of.time} title={exactOf(of.time)}>
          {clockOf(of.time)}
        </time>
        <span className={css.type}>
          <StateMark state={kindOfType(of.type)} size={10} /> <Go to={["event", idOf(of)]}>{of.type}</Go>
        </span>
        <span className={css.of}>
          <Go to={[of.stream, of.stream_id]}>{of.stream_id.slice(-6)}</Go>
        </span>
        <span className={css.says}>{saysOf(of)}</span>
        <span className={css.actor}>{of.actor}</span>
      </div>
    </div>
  );
}
