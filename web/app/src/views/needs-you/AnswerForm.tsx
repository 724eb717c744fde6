import { type FormEvent, type ReactNode, useRef, useState } from "react";
import type { Question } from "../../data/rows.js";
import { Button, Confirm } from "../../parts/index.js";
import { useKeys } from "../../shell/keys.js";
import { Action } from "./Action.js";
import { answerText, isGate, useAnswer } from "./answers.js";
import css from "./needs-you.module.css";
import { SchemaForm } from "./SchemaForm.js";

/** Keys for more options than these would be hard to see. */
const MOST_KEYS = 9;

/**
 * The ways to answer: its options, each with a key, its form, or a text. With `hasKeys` the keyboard answers this one. Where
 * there is no room for a form, `open` leads to where there is.
 */
export function AnswerForm(props: { question: Question; hasKeys: boolean; open?: () => void }): ReactNode {
  const { question, hasKeys } = props;
  const answer = useAnswer();
  const [asked, setAsked] = useState<{ answer: unknown } | null>(null);
  const give = (value: unknown) => {
    if (isGate(question) || question.action !== null) setAsked({ answer: value });
    else answer.mutate({ question, answer: value });
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a click on the row around it would open the question
    // biome-ignore lint/a11y/useKeyWithClickEvents: it only keeps clicks in
    <div className={css.answer} onClick={click => click.stopPropagation()}>
      <Way question={question} hasKeys={hasKeys} isBusy={answer.isPending} give={give} open={props.open} />
      {asked && (
        <Confirm
          title={`Answer “${answerText(asked.answer)}”?`}
          does={`Answer ${answerText(asked.answer)}`}
          tone="person"
          run={() => answer.mutate({ question, answer: asked.answer })}
          close={() => setAsked(null)}
        >
          <p>{question.message}</p>
          {question.action !== null && <Action action={question.action} />}
          <p className={css.quiet}>
            {question.plan_name ? `The plan ${question.plan_name}` : (question.asker ?? "The asker")} goes on
            by it at once; it cannot be taken back.
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

function Way({ open, ...ways }: Ways & { open: (() => void) | undefined }): ReactNode {
  const schema = ways.question.response_schema;
  if (ways.question.options) return <Options {...ways} />;
  if (schema === null || typeof schema === "boolean") return <FreeText {...ways} />;
  if (open) return <Button onClick={open}>Fill in the form</Button>;
  return <SchemaForm schema={schema} hasKeys={ways.hasKeys} isBusy={ways.isBusy} give={ways.give} />;
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
