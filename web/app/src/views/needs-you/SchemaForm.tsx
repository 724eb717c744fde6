import { type FormEvent, type ReactNode, type Ref, useId, useRef, useState } from "react";
import type { Schema } from "../../data/rows.js";
import { Button } from "../../parts/index.js";
import { useKeys } from "../../shell/keys.js";
import { answerText } from "./answers.js";
import { choicesOf, type Field, fieldsOf, filled, initialText } from "./form.js";
import css from "./SchemaForm.module.css";

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** A question's form, made from the schema of its answer. */
export function SchemaForm(props: {
  schema: Schema;
  hasKeys: boolean;
  isBusy: boolean;
  give: (answer: unknown) => void;
}): ReactNode {
  const fields = fieldsOf(props.schema);
  const [texts, setTexts] = useState<Record<string, string>>(() =>
    Object.fromEntries(fields.map(field => [field.name ?? "", initialText(field.schema)])),
  );
  const first = useRef<Control>(null);
  useKeys([{ keys: "a", label: "Answer", run: () => first.current?.focus() }], props.hasKeys);
  const isWhole = fields.every(field => !field.isRequired || texts[field.name ?? ""] !== "");
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!props.isBusy) props.give(filled(fields, texts));
  };
  return (
    <form className={css.form} onSubmit={send}>
      {fields.map((field, at) => (
        <Row
          key={field.name ?? ""}
          field={field}
          text={texts[field.name ?? ""] ?? ""}
          change={text => setTexts(before => ({ ...before, [field.name ?? ""]: text }))}
          control={at === 0 ? first : undefined}
        />
      ))}
      <div>
        <Button type="submit" tone="person" disabled={props.isBusy || !isWhole}>
          Answer
        </Button>
      </div>
    </form>
  );
}

function Row(props: {
  field: Field;
  text: string;
  change: (text: string) => void;
  control: Ref<Control> | undefined;
}): ReactNode {
  const { schema, name, isRequired } = props.field;
  const id = useId();
  return (
    <div className={css.row}>
      <label htmlFor={id}>
        {schema.title ?? name ?? "Answer"}
        {!isRequired && <span> may be empty</span>}
      </label>
      <Input {...props} id={id} />
      {schema.description && <p>{schema.description}</p>}
    </div>
  );
}

function Input(props: {
  id: string;
  field: Field;
  text: string;
  change: (text: string) => void;
  control: Ref<Control> | undefined;
}): ReactNode {
  const { schema } = props.field;
  const shared = {
    id: props.id,
    value: props.text,
    onChange: (change: { target: { value: string } }) => props.change(change.target.value),
  };
  const choices = choicesOf(schema);
  if (choices) {
    return (
      <select ref={props.control as Ref<HTMLSelectElement>} {...shared}>
        <option value="">–</option>
        {choices.map(choice => (
          <option key={answerText(choice)}>{answerText(choice)}</option>
        ))}
      </select>
    );
  }
  if (schema.type === "integer" || schema.type === "number") {
    return (
      <input
        ref={props.control as Ref<HTMLInputElement>}
        type="number"
        min={schema.minimum}
        max={schema.maximum}
        step={schema.type === "integer" ? 1 : "any"}
        {...shared}
      />
    );
  }
  if (schema.type === "string" && schema.format) {
    const kind = { email: "email", date: "date", uri: "url" }[schema.format] ?? "text";
    return <input ref={props.control as Ref<HTMLInputElement>} type={kind} {...shared} />;
  }
  const rows = Math.min(6, props.text.split("\n").length);
  return <textarea ref={props.control as Ref<HTMLTextAreaElement>} rows={rows} {...shared} />;
}
