import type { ReactNode } from "react";
import { useOne } from "../../data/queries.js";
import type { Overview } from "../../data/rows.js";
import { numberOf, StateMark } from "../../parts/index.js";
import { Go } from "../../shell/Go.js";
import css from "./needs-you.module.css";

const COUNTS = [
  ["working", "running", "/fleet?state=working"],
  ["idle", "idle", "/fleet?state=pending"],
  ["done", "completed", "/fleet?state=done"],
  ["lost", "lost", "/fleet?state=lost"],
] as const;

/** How those stand that need nobody. */
export function Counts(): ReactNode {
  const { data } = useOne<Overview>("overview");
  return (
    <ul className={css.counts} aria-label="How the others stand">
      {COUNTS.map(([name, state, path]) => (
        <li key={name} data-none={data?.[name] === 0 || undefined}>
          <Go to={path}>
            <b>{data === undefined ? "–" : numberOf(data[name])}</b>
            <span>
              <StateMark state={state} /> {name}
            </span>
          </Go>
        </li>
      ))}
    </ul>
  );
}
