import type { ReactNode } from "react";
import type { Question } from "../../data/rows.js";
import { Time } from "../../parts/index.js";
import { Go } from "../../shell/Go.js";
import { audienceText } from "./answers.js";
import css from "./needs-you.module.css";

/** Who asks, in which plan and step, and until when. */
export function Where({ question }: { question: Question }): ReactNode {
  const { plan_id, supervisor_id, session_id } = question;
  return (
    <span className={css.where}>
      {supervisor_id !== null && plan_id === null && (
        <Go to={["supervisor", supervisor_id]}>{question.asker ?? "supervisor"}</Go>
      )}
      {session_id !== null && <Go to={["session", session_id]}>{question.asker ?? "session"}</Go>}
      {plan_id !== null && (
        <span>
          gate of <Go to={["plan", plan_id]}>{question.plan_name ?? "plan"}</Go>
          {question.step_key && ` › ${question.step_key}`}
        </span>
      )}
      {question.audience !== null && <span>for {audienceText(question.audience)}</span>}
      {question.status === "open" && question.expires_at !== null && (
        <span className={css.expires}>
          expires <Time at={question.expires_at} />
        </span>
      )}
    </span>
  );
}
