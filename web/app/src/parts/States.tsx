import type { Problem } from "@holdfast/react";
import type { ReactNode } from "react";
import { Button } from "./Button.js";
import css from "./parts.module.css";

/** What stands where nothing is yet: what would be here, and the one command that makes it so. */
export function Empty(props: { title: string; children?: ReactNode; command?: string }): ReactNode {
  return (
    <div className={css.empty}>
      <h2>{props.title}</h2>
      {props.children && <p>{props.children}</p>}
      {props.command && <code>{props.command}</code>}
    </div>
  );
}

/** The skeleton of rows that will come. */
export function Skeleton({ rows = 6, height = 44 }: { rows?: number; height?: number }): ReactNode {
  return (
    <div role="status" aria-label="loading" className={css.skeleton}>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
        <div key={row} style={{ height }}>
          <i style={{ width: `${35 + ((row * 37) % 40)}%` }} />
          <i style={{ width: `${18 + ((row * 23) % 30)}%` }} />
        </div>
      ))}
    </div>
  );
}

/** What went wrong, and what to do. */
export function Failure(props: { problem: Problem; again?: () => void }): ReactNode {
  const { message, hint, code } = props.problem;
  return (
    <div className={css.failure} role="alert">
      <h2>{message}</h2>
      {hint && <p>{hint}</p>}
      {code && <code>{code}</code>}
      {props.again && (
        <div>
          <Button onClick={props.again}>Try again</Button>
        </div>
      )}
    </div>
  );
}
