import { type ReactNode, useState } from "react";
import { Button } from "./Button.js";
import { Dialog } from "./Dialog.js";
import css from "./parts.module.css";

/** Asks before something that cannot be undone. With `reason` a person says why, and it is kept. */
export function Confirm(props: {
  title: string;
  children?: ReactNode;
  does: string;
  tone?: "good" | "bad" | "person";
  reason?: boolean;
  run: (reason: string) => void;
  close: () => void;
}): ReactNode {
  const [reason, setReason] = useState("");
  const isReady = !props.reason || reason.trim() !== "";
  return (
    <Dialog title={props.title} close={props.close}>
      <form
        className={css.form}
        onSubmit={submit => {
          submit.preventDefault();
          props.run(reason.trim());
          props.close();
        }}
      >
        {props.children}
        {props.reason && (
          <label>
            Reason
            <input autoFocus value={reason} onChange={change => setReason(change.target.value)} required />
          </label>
        )}
        <div className={css.actions}>
          <Button type="submit" tone={props.tone ?? "bad"} disabled={!isReady} autoFocus={!props.reason}>
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
