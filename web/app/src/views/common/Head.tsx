import type { ReactNode } from "react";
import { Id, StateMark, wordsOf } from "../../parts/index.js";
import css from "./common.module.css";

/** The top of a detail: its state, its name, and what can be done with it. */
export function Head(props: {
  state: string;
  title: string;
  noun: string;
  id: string;
  children?: ReactNode;
  actions?: ReactNode;
}): ReactNode {
  return (
    <header className={css.head}>
      <p className={css.noun}>
        {props.noun} <Id id={props.id} />
      </p>
      <h1>
        <StateMark state={props.state} size={14} /> {props.title}
      </h1>
      <p className={css.line}>
        <b data-state={props.state}>{wordsOf(props.state)}</b>
        {props.children}
      </p>
      {props.actions && <div className={css.actions}>{props.actions}</div>}
    </header>
  );
}
