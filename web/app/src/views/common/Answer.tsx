import { type ReactNode, useState } from "react";
import { useAct, useOne } from "../../data/queries.js";
import type { Question } from "../../data/rows.js";
import { Button } from "../../parts/index.js";
import { useKeys } from "../../shell/keys.js";
import css from "./Answer.module.css";
import { isSomething, Value } from "./Value.js";

/** A question that is answered where it stands: a key for each option, or a text. */
export function Answer({ questionId }: { questionId: string }): ReactNode {
  const { data } = useOne<Question>("questions", questionId);
  if (data === undefined || data.status !== "open") return null;
  return <Open of={data} />;
}

function Open({ of }: { of: Question }): ReactNode {
  const answer = useAct<{ answer: unknown }>(
    () => `/questions/${of.id}/answer`,
    ({ answer }) => `Answered: ${textOf(answer)}`,
  );
  const [text, setText] = useState("");
  const options = of.options ?? [];
  const give = (value: unknown) => answer.isPending || answer.mutate({ answer: value });
  useKeys(
    options
      .slice(0, 9)
      .map((option, at) => ({ keys: `${at + 1}`, label: textOf(option), run: () => give(option) })),
  );
  return (
    <section className={css.question} aria-label="A question that waits for you">
      <p>{of.message}</p>
      {isSomething(of.context) && <Value of={of.context} />}
      {options.length > 0 ? (
        <div className={css.options}>
          {options.map((option, at) => (
            <Button
              key={textOf(option)}
              tone="person"
              keys={`${at + 1}`}
              disabled={answer.isPending}
              onClick={() => give(option)}
            >
              {textOf(option)}
            </Button>
          ))}
        </div>
      ) : (
        <form
          className={css.options}
          onSubmit={submit => {
            submit.preventDefault();
            give(text);
          }}
        >
          <input
            aria-label="Your answer"
            value={text}
            onChange={change => setText(change.target.value)}
            required
          />
          <Button type="submit" tone="person" disabled={answer.isPending}>
            Answer
          </Button>
        </form>
      )}
    </section>
  );
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
