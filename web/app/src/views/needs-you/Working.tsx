import type { Execution } from "@holdfast/react";
import type { ReactNode } from "react";
import { useList } from "../../data/queries.js";
import { pathTo, useAddress } from "../../shell/address.js";
import { Go } from "../../shell/Go.js";
import { RunCard } from "../fleet/RunCard.js";
import css from "./needs-you.module.css";

/** As many as are seen at one look. */
const SHOWN = 8;

/** The newest runs that work, below what waits. */
export function Working(): ReactNode {
  const { rows, hasMore } = useList<Execution>("executions", {
    status: "running",
    interrupted: false,
    limit: SHOWN,
    eta: 1,
  });
  const { go } = useAddress();
  if (rows.length === 0) return null;
  return (
    <section className={css.working} aria-label="Working">
      <header>
        <h2>Working</h2>
        {hasMore && <Go to="/fleet?state=working">all of them</Go>}
      </header>
      <ul>
        {rows.slice(0, SHOWN).map(run => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: its name is a link
          <li key={run.id} onClick={() => go(pathTo("execution", run.id))}>
            <RunCard run={run} />
          </li>
        ))}
      </ul>
    </section>
  );
}
