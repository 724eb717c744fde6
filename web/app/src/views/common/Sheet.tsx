import type { ReactNode } from "react";
import css from "./common.module.css";

/** What a detail stands on; a link back to the list where a phone shows only one of them. */
export function Sheet({ children }: { children: ReactNode }): ReactNode {
  return <article className={css.sheet}>{children}</article>;
}
