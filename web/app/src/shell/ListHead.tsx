import { type ReactNode, useRef } from "react";
import { useInAddress } from "./address.js";
import { useKeys } from "./keys.js";
import css from "./ListHead.module.css";

/** The head of a list: its title, how many there are, filters, and a field to search by name (`/`). */
export function ListHead(props: {
  title: string;
  count?: ReactNode;
  search?: string;
  children?: ReactNode;
}): ReactNode {
  const [text, setText] = useInAddress("q");
  const field = useRef<HTMLInputElement>(null);
  useKeys([{ keys: "/", label: "Filter", run: () => field.current?.focus() }], props.search !== undefined);
  return (
    <header className={css.head}>
      <div className={css.title}>
        <h1>{props.title}</h1>
        {props.count !== undefined && <span>{props.count}</span>}
      </div>
      {props.children}
      {props.search !== undefined && (
        <input
          ref={field}
          type="search"
          aria-label={props.search}
          placeholder={`${props.search}  /`}
          value={text}
          onChange={change => setText(change.target.value)}
          onKeyDown={press => press.key === "Escape" && press.currentTarget.blur()}
        />
      )}
    </header>
  );
}

/** One choice of several, in the address: `<Choice name="status" of={["open", "answered"]} all="all" />`. */
export function Choice(props: {
  name: string;
  label: string;
  of: readonly (readonly [value: string, words: ReactNode])[];
  otherwise?: string;
}): ReactNode {
  const [chosen, choose] = useInAddress(props.name, props.otherwise);
  return (
    <fieldset className={css.choice} aria-label={props.label}>
      {props.of.map(([value, words]) => (
        <button key={value} type="button" aria-pressed={value === chosen} onClick={() => choose(value)}>
          {words}
        </button>
      ))}
    </fieldset>
  );
}
