import { type ReactNode, useState } from "react";
import { useAct } from "../../data/queries.js";
import { Button, Confirm, Section, Time, wordsOf } from "../../parts/index.js";
import common from "../common/common.module.css";
import type { Checkpoint, Supervisor } from "../common/rows.js";
import { useWhole } from "../common/useWhole.js";

type What = "rewind" | "fork";

/** The save points of a supervisor; from each a person can go back, or begin another one. */
export function Checkpoints({ of }: { of: Supervisor }): ReactNode {
  const checkpoints = useWhole<Checkpoint>("supervisors", of.id, "checkpoints");
  const [asked, setAsked] = useState<{ what: What; at: Checkpoint } | null>(null);
  const items = checkpoints.data ?? [];
  if (items.length === 0) return null;
  const isPlan = of.handler === "plan"; // which goes back by its steps
  const line = lineOf(of.checkpoint, items);
  return (
    <Section title="Checkpoints" aside={of.checkpoint === null ? null : `it stands on ${of.checkpoint}`}>
      <table className={common.table}>
        <tbody>
          {items.map(each => (
            <tr key={each.number} aria-current={each.number === of.checkpoint || undefined}>
              <td className={common.number}>{each.number}</td>
              <td>{wordsOf(each.reason)}</td>
              <td>{each.label}</td>
              <td className={common.quiet}>{each.blobs > 0 && `${each.blobs} said`}</td>
              <td className={common.number}>
                <Time at={each.created_at} />
              </td>
              <td className={common.number}>
                {!line.has(each.number) && <span className={common.quiet}>taken back</span>}
                {!isPlan && line.has(each.number) && of.ended_at === null && (
                  <Button onClick={() => setAsked({ what: "rewind", at: each })}>Go back here</Button>
                )}{" "}
                {!isPlan && line.has(each.number) && (
                  <Button onClick={() => setAsked({ what: "fork", at: each })}>Fork</Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {asked && <Ask of={of} what={asked.what} at={asked.at} close={() => setAsked(null)} />}
    </Section>
  );
}

/** The checkpoint that it stands on, and all that this one stands on. */
function lineOf(from: number | null, items: readonly Checkpoint[]): ReadonlySet<number> {
  const parents = new Map(items.map(each => [each.number, each.parent]));
  const line = new Set<number>();
  for (let at = from; at !== null; at = parents.get(at) ?? null) line.add(at);
  return line;
}

function Ask(props: { of: Supervisor; what: What; at: Checkpoint; close: () => void }): ReactNode {
  const { of, at, close } = props;
  const rewind = useAct<{ checkpoint: number; reason: string }>(
    () => `/supervisors/${of.id}/rewind`,
    () => `${of.name} stands on checkpoint ${at.number}, and is paused.`,
  );
  const fork = useAct<{ checkpoint: number }>(
    () => `/supervisors/${of.id}/fork`,
    () => `Another one goes on from checkpoint ${at.number} of ${of.name}.`,
  );
  if (props.what === "fork")
    return (
      <Confirm
        title={`Begin another one from checkpoint ${at.number}?`}
        does="Fork"
        tone="person"
        reason={false}
        run={() => fork.mutate({ checkpoint: at.number })}
        close={close}
      >
        <p>
          It has what {of.name} had then, and asks people anew. {of.name} is left as it is.
        </p>
      </Confirm>
    );
  return (
    <Confirm
      title={`Take ${of.name} back to checkpoint ${at.number}?`}
      does="Go back"
      tone="bad"
      reason
      run={reason => rewind.mutate({ checkpoint: at.number, reason })}
      close={close}
    >
      <p>
        What came after is taken back: its steps run again, its executions are cancelled, its open questions
        withdrawn. It stays paused until you let it go on.
      </p>
    </Confirm>
  );
}
