import type { ReactNode } from "react";
import { StateMark, useNow } from "../../parts/index.js";
import common from "./common.module.css";
import { durationOf } from "./durations.js";
import type { SupervisorStep } from "./rows.js";

/** What a supervisor has done and does: a result that is kept does not run again. */
export function StepTable({ steps }: { steps: readonly SupervisorStep[] }): ReactNode {
  const now = useNow();
  return (
    <table className={common.table}>
      <tbody>
        {steps.map(step => (
          <tr key={step.name}>
            <td>
              <StateMark state={step.status} size={11} /> {step.name}
            </td>
            <td className={common.quiet}>{step.attempt > 1 ? `attempt ${step.attempt}` : ""}</td>
            <td className={common.mono}>{step.error_message ?? shortOf(step.result)}</td>
            <td className={common.number}>
              {durationOf(
                (step.ended_at === null ? now : Date.parse(step.ended_at)) - Date.parse(step.started_at),
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const LONGEST = 120;

function shortOf(result: unknown): string {
  if (result === null || result === undefined) return "";
  const text = typeof result === "string" ? result : JSON.stringify(result);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
