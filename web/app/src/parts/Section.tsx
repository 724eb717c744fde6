import type { ReactNode } from "react";
import css from "./parts.module.css";

/** A part of a detail, under a hairline. */
export function Section(props: { title: string; aside?: ReactNode; children: ReactNode }): ReactNode {
  return (
    <section className={css.section}>
      <header>
        <h2>{props.title}</h2>
        {props.aside && <span>{props.aside}</span>}
      </header>
      {props.children}
    </section>
  );
}
