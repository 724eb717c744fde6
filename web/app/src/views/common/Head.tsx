import type { ReactNode } from "react";
import { Id, wordsOf } from "../../parts/index.js";
import { DetailHead } from "../../shell/DetailHead.js";
import css from "./common.module.css";

/** The top of a detail: its name, its state in words too, and what can be done with it. */
export function Head(props: {
  state: string;
  title: string;
  noun: string;
  id: string;
  children?: ReactNode;
  actions?: ReactNode;
}): ReactNode {
  return (
    <DetailHead title={props.title} state={props.state} actions={props.actions}>
      <b className={css.state} data-state={props.state}>
        {wordsOf(props.state)}
      </b>
      {props.children}
      <span>
        {props.noun} <Id id={props.id} />
      </span>
    </DetailHead>
  );
}
