import type { ReactNode } from "react";
import { Section, Time } from "../../parts/index.js";
import common from "../common/common.module.css";
import type { EventRow } from "../common/rows.js";

/** Where the project's files, git's branch and the database said different things, and which of them won. */
export function Divergences({ events }: { events: readonly EventRow[] }): ReactNode {
  const found = events.filter(event => /diverge|mismatch|reconcil|replay/.test(event.type));
  if (found.length === 0) return null;
  return (
    <Section title="Divergences" aside="the database wins, out loud">
      <ul>
        {found.map(event => (
          <li key={event.seq} className={common.line}>
            <Time at={event.time} />
            <span className={common.mono}>{String(event.data.message ?? JSON.stringify(event.data))}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
