import { type ReactNode, useState } from "react";
import { useList } from "../../data/queries.js";
import { Empty, Failure, Id, Rows, Section, Skeleton, Time, useListKeys } from "../../parts/index.js";
import { pathTo, useAddress, useInAddress } from "../../shell/address.js";
import { DetailHead } from "../../shell/DetailHead.js";
import { Go } from "../../shell/Go.js";
import { Choice, ListHead } from "../../shell/ListHead.js";
import type { EventRow } from "../common/rows.js";
import { useEvents } from "../common/useEvents.js";
import { Value } from "../common/Value.js";
import type { DetailProps } from "../registry.js";
import { EventLine, EventTable } from "./EventTable.js";
import css from "./events.module.css";
import { HeldAt } from "./HeldAt.js";
import { idOf, kindOfType, partsOf, saysOf } from "./words.js";

const STREAMS = [
  ["", "All"],
  ["directive", "Directives"],
  ["session", "Sessions"],
  ["supervisor", "Supervisors"],
  ["execution", "Executions"],
  ["plan", "Plans"],
] as const;

/** Every change in order, from any time back; and who held what at that time. */
export function List(): ReactNode {
  const [stream] = useInAddress("stream");
  const [type] = useInAddress("q");
  const [before, setBefore] = useInAddress("before");
  const list = useList<EventRow>("events", {
    stream: stream || null,
    type: type || null,
    before: before ? new Date(before).toISOString() : null,
    limit: 200,
  });
  return (
    <>
      <ListHead title="Events" search="Type, such as execution.completed">
        <Choice name="stream" label="Which streams" of={STREAMS} />
        <Travel before={before} setBefore={setBefore} />
      </ListHead>
      {list.error && list.rows.length === 0 ? (
        <Failure problem={list.error} again={list.refetch} />
      ) : list.isLoading ? (
        <Skeleton height={28} rows={16} />
      ) : (
        <Lines rows={list.rows} {...(list.hasMore ? { more: list.more } : {})} />
      )}
    </>
  );
}

/** Goes back to a time: what happened before it, and who held a directive then. */
function Travel({ before, setBefore }: { before: string; setBefore: (value: string) => void }): ReactNode {
  const [sdKey, setSdKey] = useState("");
  return (
    <div className={css.travel}>
      <label>
        up to{" "}
        <input
          type="datetime-local"
          step={1}
          value={before}
          onChange={change => setBefore(change.target.value)}
        />
      </label>
      {before && (
        <button type="button" onClick={() => setBefore("")}>
          back to now
        </button>
      )}
      <label>
        who held{" "}
        <input
          className={css.key}
          placeholder="SD-1"
          value={sdKey}
          onChange={change => setSdKey(change.target.value)}
        />
      </label>
      {sdKey && <HeldAt sdKey={sdKey} {...(before ? { at: before } : {})} />}
    </div>
  );
}

function Lines({ rows, more }: { rows: readonly EventRow[]; more?: () => void }): ReactNode {
  const { open, go } = useAddress();
  const listed = rows.map(row => ({ ...row, id: idOf(row) }));
  const cursor = useListKeys(
    listed.map(row => row.id),
    id => go(pathTo("event", id), { keep: true }),
  );
  if (listed.length === 0)
    return (
      <Empty title="Nothing of this kind has happened by then." command="holdfast events --follow">
        Every change of every noun is an event; show all streams, or go to a later time.
      </Empty>
    );
  return (
    <Rows
      rows={listed}
      label="Events"
      height={28}
      cursor={cursor}
      open={open?.id ?? null}
      onOpen={row => go(pathTo("event", row.id), { keep: true })}
      {...(more ? { more } : {})}
    >
      {row => <EventLine of={row} />}
    </Rows>
  );
}

/** One event, and what happened to the same thing before and after. */
export function Detail({ id }: DetailProps): ReactNode {
  const { stream, seq } = partsOf(id);
  const events = useEvents(stream, {}, 1_000);
  const event = events.rows.find(row => row.seq === seq);
  if (event === undefined)
    return events.isLoading ? (
      <Skeleton />
    ) : (
      <Empty
        title="This event is not among the newest thousand of its stream."
        command={`holdfast events --stream ${stream}`}
      />
    );
  return (
    <>
      <DetailHead title={event.type} state={kindOfType(event.type)}>
        <Time at={event.time} />
        {event.actor && <span>by {event.actor}</span>}
        <span>
          number {event.seq} of <Go to={[event.stream, event.stream_id]}>its {event.stream}</Go>
        </span>
        <Id id={event.stream_id} />
      </DetailHead>
      <Section title={saysOf(event) || "What it says"}>
        <Value of={event.data} />
      </Section>
      <Section title="The same stream" aside={`${events.rows.length} events`}>
        <EventTable rows={events.rows.filter(row => Math.abs(row.seq - seq) <= 12)} chosen={seq} />
      </Section>
    </>
  );
}
