import type { ReactNode } from "react";
import css from "./parts.module.css";

/** A key as it stands on the keyboard; "g f" is two after each other. */
export function Key({ keys }: { keys: string }): ReactNode {
  return (
    <span className={css.keys}>
      {keys.split(" ").map(key => (
        <kbd key={key}>{NAMES[key] ?? key.replace("mod+k", "⌘K").replace("mod+", "⌘")}</kbd>
      ))}
    </span>
  );
}

const NAMES: Readonly<Record<string, string>> = {
  enter: "↵",
  escape: "Esc",
  arrowdown: "↓",
  arrowup: "↑",
  "/": "/",
  "?": "?",
  "[": "[",
};
