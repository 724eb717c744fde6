import { type ReactNode, useState } from "react";
import css from "./parts.module.css";

/** The random end of a UUIDv7 tells two ids of one second apart; its beginning does not. */
const SHORT = 8;

/** A short id; a click copies the whole. */
export function Id({ id }: { id: string }): ReactNode {
  const [isCopied, setIsCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(id);
    setIsCopied(true);
    setTimeout(() => setIsCopied(false), 1_500);
  };
  return (
    <button
      type="button"
      className={css.id}
      title={`${id} (click copies)`}
      aria-label={isCopied ? "copied" : `${id.slice(-SHORT)}: copy the id`}
      onClick={click => {
        click.stopPropagation();
        void copy();
      }}
    >
      {isCopied ? "copied" : id.slice(-SHORT)}
    </button>
  );
}
