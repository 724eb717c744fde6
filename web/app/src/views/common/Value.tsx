import type { ReactNode } from "react";
import css from "./common.module.css";

/** Anything that was given or came out: a text as it is, all else as JSON. */
export function Value({ of }: { of: unknown }): ReactNode {
  if (of === null || of === undefined) return null;
  return <pre className={css.value}>{typeof of === "string" ? of : JSON.stringify(of, null, 2)}</pre>;
}

/** Whether there is anything to show. */
export function isSomething(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}
