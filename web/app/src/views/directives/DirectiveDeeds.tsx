import { type ReactNode, useState } from "react";
import { useAct, useList } from "../../data/queries.js";
import type { Session } from "../../data/rows.js";
import { Button, Dialog } from "../../parts/index.js";
import { useKeys } from "../../shell/keys.js";
import { Deeds } from "../common/Deeds.js";
import { type Directive, PHASES } from "../common/rows.js";
import css from "./Deeds.module.css";

interface Reasoned {
  reason?: string;
}

interface Moved {
  phase: string;
  reason: string;
}

/** What a person may do with a directive. What can be undone offers it. */
export function DirectiveDeeds({ of }: { of: Directive }): ReactNode {
  const to = (deed: string) => () => `/directives/${of.id}/${deed}`;
  const unblock = useAct<Reasoned>(to("unblock"), () => `${of.sd_key} is active again.`);
  const block = useAct<Reasoned>(to("block"), () => `${of.sd_key} is blocked.`);
  const cancel = useAct<Reasoned>(to("cancel"), () => `${of.sd_key} is cancelled.`);
  if (of.ended_at !== null) return null;
  return (
    <>
      <Deeds
        of={[
          of.status === "active" && {
            does: "Block it",
            key: "b",
            tone: "person",
            title: `Block ${of.sd_key}?`,
            says: of.held_by
              ? `${of.held_by} loses it, and nobody can claim it until it is unblocked.`
              : "Nobody can claim it until it is unblocked.",
            reason: true,
            run: reason => block.mutate({ reason }),
          },
          (of.status === "blocked" || of.status === "draft") && {
            does: of.status === "draft" ? "Make it active" : "Unblock it",
            key: "b",
            tone: "good",
            title: `Make ${of.sd_key} active?`,
            says: "It can be claimed from then on, once what it needs is completed.",
            run: () => unblock.mutate({}),
          },
          {
            does: "Cancel it",
            key: "x",
            title: `Cancel ${of.sd_key}?`,
            says: "It ends, and whoever holds it loses it. This cannot be undone.",
            reason: true,
            run: reason => cancel.mutate({ reason }),
          },
        ]}
      />
      {of.status === "active" && <Move of={of} />}
      {of.status === "active" && <TakeOver of={of} />}
    </>
  );
}

function Move({ of }: { of: Directive }): ReactNode {
  const [isOpen, setIsOpen] = useState(false);
  const move = useAct<Moved>(
    () => `/directives/${of.id}/move`,
    ({ phase }) => `${of.sd_key} is in ${phase}.`,
  );
  const at = PHASES.indexOf(of.phase);
  const next = PHASES.filter((_, index) => Math.abs(index - at) === 1);
  useKeys([{ keys: "m", label: "Move it to another phase", run: () => setIsOpen(true) }]);
  return (
    <>
      <Button keys="m" onClick={() => setIsOpen(true)}>
        Move it
      </Button>
      {isOpen && (
        <Form
          title={`Move ${of.sd_key} from ${of.phase}`}
          label="To"
          options={next.map(each => [each, each])}
          does="Move it"
          close={() => setIsOpen(false)}
          run={(phase, reason) => move.mutate({ phase, reason })}
        />
      )}
    </>
  );
}

function TakeOver({ of }: { of: Directive }): ReactNode {
  const [isOpen, setIsOpen] = useState(false);
  const take = useAct<{ session_id: string; reason: string }>(
    () => `/directives/${of.id}/take-over`,
    ({ session_id }) => `${of.sd_key} is ${session_id}'s now.`,
  );
  const { rows } = useList<Session>("sessions", { state: "running" });
  const others = rows.filter(row => row.session_id !== of.held_by);
  useKeys(
    [{ keys: "t", label: "Give it to another session", run: () => setIsOpen(true) }],
    others.length > 0,
  );
  if (others.length === 0) return null;
  return (
    <>
      <Button keys="t" onClick={() => setIsOpen(true)}>
        Give it to…
      </Button>
      {isOpen && (
        <Form
          title={`Give ${of.sd_key} to another session`}
          label="Session"
          options={others.map(row => [row.session_id, `${row.session_id} (${row.agent ?? "?"})`])}
          does="Give it"
          close={() => setIsOpen(false)}
          run={(session_id, reason) => take.mutate({ session_id, reason })}
        />
      )}
    </>
  );
}

/** One choice and a reason. */
function Form(props: {
  title: string;
  label: string;
  options: readonly (readonly [value: string, words: string])[];
  does: string;
  run: (value: string, reason: string) => void;
  close: () => void;
}): ReactNode {
  const [value, setValue] = useState(props.options[0]?.[0] ?? "");
  const [reason, setReason] = useState("");
  return (
    <Dialog title={props.title} close={props.close}>
      <form
        className={css.form}
        onSubmit={submit => {
          submit.preventDefault();
          props.run(value, reason.trim());
          props.close();
        }}
      >
        <label>
          {props.label}
          <select value={value} onChange={change => setValue(change.target.value)}>
            {props.options.map(([each, words]) => (
              <option key={each} value={each}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <label>
          Reason
          <input value={reason} onChange={change => setReason(change.target.value)} required />
        </label>
        <div>
          <Button type="submit" tone="person">
            {props.does}
          </Button>
          <Button tone="quiet" onClick={props.close}>
            Leave it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
