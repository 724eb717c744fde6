import type { ReactNode } from "react";
import { useOne } from "../../data/queries.js";
import type { Question } from "../../data/rows.js";
import { Facts, Failure, Id, Section, Skeleton, Time, wordsOf } from "../../parts/index.js";
import { DetailHead } from "../../shell/DetailHead.js";
import type { DetailProps } from "../registry.js";
import { AnswerForm } from "./AnswerForm.js";
import { answerText } from "./answers.js";
import css from "./needs-you.module.css";
import { Where } from "./Where.js";

/** A question with all that is needed to answer it. */
export function Detail({ id }: DetailProps): ReactNode {
  const { data: question, error, refetch } = useOne<Question>("questions", id);
  if (error && !question) return <Failure problem={error} again={() => void refetch()} />;
  if (!question) return <Skeleton />;
  return (
    <>
      <DetailHead title={question.message} state={question.status} aside={<Id id={question.id} />}>
        <Where question={question} />
      </DetailHead>
      {question.status === "open" && (
        <div className={css.big}>
          <AnswerForm question={question} hasKeys />
        </div>
      )}
      <Section title="About it">
        <Facts
          of={[
            ["asked", <Time key="asked" at={question.created_at} />],
            ["by", question.asker],
            ["state", wordsOf(question.status)],
            [
              "if nobody answers",
              question.default_answer === null ? null : answerText(question.default_answer),
            ],
            ["answer", question.answered_at === null ? null : answerText(question.answer)],
            ["answered by", question.answered_by],
            ["answered", question.answered_at && <Time key="answered" at={question.answered_at} />],
          ]}
        />
      </Section>
      <Context of={question.context} />
    </>
  );
}

/** What the asker shows: a file stands as it is, the rest as names and values. */
function Context({ of }: { of: Record<string, unknown> }): ReactNode {
  const { file, text, ...rest } = of;
  const facts = Object.entries(rest).map(([name, value]) => [wordsOf(name), wordsFor(value)] as const);
  return (
    <>
      {facts.length > 0 && (
        <Section title="What the asker says">
          <Facts of={facts} />
        </Section>
      )}
      {typeof text === "string" && (
        <Section title={typeof file === "string" ? file : "Text"}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long text is scrolled by the keyboard */}
          <pre className={css.file} tabIndex={0}>
            {text}
          </pre>
        </Section>
      )}
    </>
  );
}

function wordsFor(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
