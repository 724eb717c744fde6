import { useHoldfast } from "@holdfast/react";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { clockOf, exactOf } from "../../parts/index.js";
import { Go } from "../../shell/Go.js";
import css from "./events.module.css";

interface Holder {
  session_id: string | null;
  since: string | null;
  until: string | null;
  lost_at: string | null;
}

/** Who held a directive at a time, by the events; without a time it asks for one. */
export function HeldAt({ sdKey, at }: { sdKey: string; at?: string }): ReactNode {
  const [asked, setAsked] = useState("");
  const time = at ?? asked;
  return (
    <p className={css.held}>
      {at === undefined && (
        <label>
          Who held it at{" "}
          <input
            type="datetime-local"
            step={1}
            value={asked}
            onChange={change => setAsked(change.target.value)}
          />
        </label>
      )}
      {time && <Told sdKey={sdKey} at={time} />}
    </p>
  );
}

function Told({ sdKey, at }: { sdKey: string; at: string }): ReactNode {
  const client = useHoldfast();
  const params = { directive: sdKey, at: new Date(at).toISOString() };
  const { data, error, isPending } = useQuery<{ holder: Holder | null }, Error>({
    queryKey: ["events", "holders", params],
    queryFn: ({ signal }) => client.get("/holders", params, signal),
  });
  if (isPending) return <output>…</output>;
  if (error) return <output>{error.message}</output>;
  const { holder } = data;
  if (!holder?.session_id || !holder.since) return <output>Nobody held it then.</output>;
  return (
    <output>
      <Go to={["session", holder.session_id]}>{holder.session_id}</Go> held it, from{" "}
      <span title={exactOf(holder.since)}>{clockOf(holder.since)}</span>
      {holder.until && (
        <>
          {" "}
          to <span title={exactOf(holder.until)}>{clockOf(holder.until)}</span>
        </>
      )}
      {holder.lost_at && `; nothing was heard of it after ${clockOf(holder.lost_at)}`}
    </output>
  );
}
