import type { ReactNode } from "react";
import css from "./needs-you.module.css";

/** What exactly an approval is for. */
export function Action({ action }: { action: unknown }): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a long text is scrolled by the keyboard
    <pre className={css.file} tabIndex={0}>
      {typeof action === "string" ? action : JSON.stringify(action, null, 2)}
    </pre>
  );
}
