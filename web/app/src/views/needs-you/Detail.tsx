import type { ReactNode } from "react";
import { useOne } from "../../data/queries.js";
import type { Notification, Question } from "../../data/rows.js";
import { Facts, Failure, Id, Section, Skeleton, Time, wordsOf } from "../../parts/index.js";
import { DetailHead } from "../../shell/DetailHead.js";
import type { DetailProps } from "../registry.js";
import { Action } from "./Action.js";
import { AnswerForm } from "./AnswerForm.js";
import { answerText, audienceText } from "./answers.js";
import css from "./needs-you.module.css";
import { QuestionDeeds } from "./QuestionDeeds.js";
import { Where } from "./Where.js";

/** A question with all that is needed to answer it. */
export function Detail({ id }: DetailProps): ReactNode {
  const { data: question, error, refetch } = useOne<Question>("questions", id);
  if (error && !question) return <Failure problem={error} again={() => void refetch()} />;
  if (!question) return <Skeleton />;
  return (
    <>
      <DetailHead
        title={question.message}
        state={question.status}
        aside={<Id id={question.id} />}
        actions={<QuestionDeeds of={question} />}
      >
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
            ["for", audienceText(question.audience)],
            ["waits for it", question.blocks.map(one => one.title ?? one.name).join(", ")],
            ["if nobody answers", otherwise(question)],
            ["answer", question.answered_at === null ? null : answerText(question.answer)],
            ["answered by", answeredBy(question)],
            ["closed by", question.closed_by],
            ["because", question.close_reason],
            ["void since", question.voided_at && <Time key="voided" at={question.voided_at} />],
            ["answered", question.answered_at && <Time key="answered" at={question.answered_at} />],
          ]}
        />
      </Section>
      {question.action !== null && (
        <Section title="What exactly it approves">
          <Action action={question.action} />
        </Section>
      )}
      <Context of={question.context} />
      <Told id={question.id} />
    </>
  );
}

/** What happens when nobody answers in time. */
function otherwise(question: Question): string | null {
  if (question.expires_at === null) return null;
  if (question.escalation) return `it is for ${audienceText(question.escalation.audience)}`;
  if (question.on_expiry === "fail" || question.default_answer === null) return "its asker is told so";
  return answerText(question.default_answer);
}

function answeredBy(question: Question): string | null {
  return question.answered_as === "owner" ? `${question.answered_by}, as an owner` : question.answered_by;
}

/** Who was told of it by which channel. */
function Told({ id }: { id: string }): ReactNode {
  const { data } = useOne<Notification[]>("questions", id, "notifications");
  if (!data || data.length === 0) return null;
  return (
    <Section title="Who was told">
      <Facts
        of={data.map(
          one =>
            [
              `${one.channel}, ${one.occasion}`,
              <span key={one.channel + one.occasion}>
                {one.status} <Time at={one.ended_at ?? one.created_at} />
                {one.error && `: ${one.error}`}
              </span>,
            ] as const,
        )}
      />
    </Section>
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
