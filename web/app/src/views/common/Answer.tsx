import type { ReactNode } from "react";
import { useOne } from "../../data/queries.js";
import type { Question } from "../../data/rows.js";
import { Go } from "../../shell/Go.js";
import { AnswerForm } from "../needs-you/AnswerForm.js";
import css from "./common.module.css";

/** A question that waits for a person, answered where it stands. */
export function Answer({ questionId }: { questionId: string }): ReactNode {
  const { data } = useOne<Question>("questions", questionId);
  if (data === undefined || data.status !== "open") return null;
  return (
    <section className={css.question} aria-label="A question that waits for you">
      <h2>
        <Go to={["question", data.id]}>{data.message}</Go>
      </h2>
      <AnswerForm question={data} hasKeys />
    </section>
  );
}
