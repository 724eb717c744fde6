import type { ReactNode } from "react";
import { PHASES, type Phase } from "../common/rows.js";
import css from "./directives.module.css";

/** LEAD, PLAN, EXEC, COMPLETE as four strokes, filled up to where it is. */
export function PhaseTrack({ phase, status }: { phase: Phase; status: string }): ReactNode {
  const at = status === "completed" ? PHASES.length : PHASES.indexOf(phase);
  return (
    <span className={css.phase} role="img" aria-label={`phase ${phase}`}>
      {PHASES.map((each, index) => (
        <i key={each} data-is={index < at ? "past" : index === at ? "now" : "ahead"} />
      ))}
      <span>{status === "completed" ? "done" : phase}</span>
    </span>
  );
}
