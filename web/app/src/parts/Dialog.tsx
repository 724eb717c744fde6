import { type ReactNode, useEffect, useRef } from "react";
import css from "./Dialog.module.css";

/** A window above the page; Escape, and a click beside it, close it. */
export function Dialog(props: {
  title: string;
  close: () => void;
  children: ReactNode;
  isPlain?: boolean;
}): ReactNode {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    if (dialog !== null && !dialog.open) dialog.showModal();
    // A text above them that can be scrolled would have the keyboard otherwise.
    dialog?.querySelector<HTMLElement>("input, textarea, select, button[type=submit]")?.focus();
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog already
    <dialog
      ref={element}
      className={css.dialog}
      aria-label={props.title}
      onCancel={props.close}
      onClick={click => click.target === element.current && props.close()}
    >
      <div className={props.isPlain ? css.plain : css.inside}>
        {!props.isPlain && <h1>{props.title}</h1>}
        {props.children}
      </div>
    </dialog>
  );
}
