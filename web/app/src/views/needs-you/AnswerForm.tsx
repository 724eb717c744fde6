import { type FormEvent, type ReactNode, useRef, useState } from "react";
import type { Question } from "../../data/rows.js";
import { Button, Confirm } from "../../parts/index.js";
import { useKeys } from "../../shell/keys.js";
import { answerText, isGate, useAnswer } from "./answers.js";
import css from "./needs-you.module.css";

/** Keys for more options than these would be hard to see. */
const MOST_KEYS = 9;

/** The ways to answer: its options, each with a key, or a text. With `hasKeys` the keyboard answers this one. */
export function AnswerForm({ question, hasKeys }: { question: Question; hasKeys: boolean }): ReactNode {
  const answer = useAnswer();
  const [asked, setAsked] = useState<{ answer: unknown } | null>(null);
  const give = (value: unknown) => {
    if (isGate(question)) setAsked({ answer: value });
    else answer.mutate({ question, answer: value });
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a click on the row around it would open the question
    // biome-ignore lint/a11y/useKeyWithClickEvents: it only keeps clicks in
    <div className={css.answer} onClick={click => click.stopPropagation()}>
      {question.options ? (
        <Options question={question} hasKeys={hasKeys} isBusy={answer.isPending} give={give} />
      ) : (
        <FreeText question={question} hasKeys={hasKeys} isBusy={answer.isPending} give={give} />
      )}
      {asked && (
        <Confirm
          title={`Answer “${answerText(asked.answer)}”?`}
          does={`Answer ${answerText(asked.answer)}`}
          tone="person"
          run={() => answer.mutate({ question, answer: asked.answer })}
          close={() => setAsked(null)}
        >
          <p>{question.message}</p>
          <p className={css.quiet}>
            The plan {question.plan_name} goes on by it at once; it cannot be taken back.
          </p>
        </Confirm>
      )}
    </div>
  );
}

interface Ways {
  question: Question;
  hasKeys: boolean;
  isBusy: boolean;
  give: (answer: unknown) => void;
}

function Options({ question, hasKeys, isBusy, give }: Ways): ReactNode {
  const options = question.options ?? [];
  const first = useRef<HTMLButtonElement>(null);
  useKeys(
    [
      { keys: "a", label: "Answer", run: () => first.current?.focus() },
      ...options.slice(0, MOST_KEYS).map((option, at) => ({
        keys: String(at + 1),
        label: `Answer ${answerText(option)}`,
        run: () => isBusy || give(option),
      })),
    ],
    hasKeys,
  );
  return options.map((option, at) => (
    <Button
      key={answerText(option)}
      ref={at === 0 ? first : undefined}
      tone={hasKeys ? "person" : "plain"}
      disabled={isBusy}
      onClick={() => give(option)}
      {...(hasKeys && at < MOST_KEYS ? { keys: String(at + 1) } : {})}
    >
      {answerText(option)}
    </Button>
  ));
}

function FreeText({ question, hasKeys, isBusy, give }: Ways): ReactNode {
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  useKeys([{ keys: "a", label: "Answer", run: () => field.current?.focus() }], hasKeys);
  const send = (event?: FormEvent) => {
    event?.preventDefault();
    if (text.trim() !== "" && !isBusy) give(text.trim());
  };
  return (
    <form className={css.text} onSubmit={send}>
      <textarea
        ref={field}
        rows={text.includes("\n") ? 4 : 1}
        aria-label={`Answer to: ${question.message}`}
        placeholder={hasKeys ? "Answer  a" : "Answer"}
        value={text}
        onChange={change => setText(change.target.value)}
        onKeyDown={press => {
          if (press.key === "Escape") press.currentTarget.blur();
          if (press.key === "Enter" && !press.shiftKey) send(press);
        }}
      />
      <Button type="submit" tone="person" disabled={isBusy || text.trim() === ""}>
        Answer
      </Button>
    </form>
  );
}
