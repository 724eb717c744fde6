import type { ReactNode } from "react";
import css from "./settings.module.css";

/** A table that may be wider than the page; the keyboard scrolls it too. */
export function Wide({ label, children }: { label: string; children: ReactNode }): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by the keyboard
    <section className={css.scroll} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
