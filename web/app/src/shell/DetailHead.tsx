import { StateMark } from "@holdfast/react";
import type { ReactNode } from "react";
import { useAddress } from "./address.js";
import css from "./DetailHead.module.css";
import { Icon } from "./icons.js";

/** The head of a detail: what it is, how it stands, what can be done with it. */
export function DetailHead(props: {
  title: string;
  state?: string;
  aside?: ReactNode;
  actions?: ReactNode;
  children?: ReactNode;
}): ReactNode {
  const { place, go } = useAddress();
  return (
    <header className={css.head}>
      <button
        type="button"
        className={css.close}
        aria-label="Close"
        onClick={() => go(`/${place}`, { keep: true })}
      >
        <Icon name="back" />
      </button>
      <div className={css.words}>
        <h1>
          {props.state && <StateMark state={props.state} size={14} />} {props.title}
        </h1>
        <div className={css.under}>
          {props.children}
          {props.aside}
        </div>
      </div>
      {props.actions && <div className={css.actions}>{props.actions}</div>}
    </header>
  );
}
