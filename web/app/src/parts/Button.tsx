import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { Key } from "./Key.js";
import css from "./parts.module.css";

/** Something that can be done; `keys` shows the key that does it too. */
export function Button(
  props: ButtonHTMLAttributes<HTMLButtonElement> & {
    tone?: "plain" | "good" | "person" | "bad" | "quiet";
    keys?: string;
    ref?: Ref<HTMLButtonElement> | undefined;
  },
): ReactNode {
  const { tone = "plain", keys, children, className, ...rest } = props;
  return (
    <button type="button" {...rest} className={`${css.button} ${css[tone] ?? ""} ${className ?? ""}`}>
      {children}
      {keys && <Key keys={keys} />}
    </button>
  );
}
