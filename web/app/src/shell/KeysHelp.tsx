import type { ReactNode } from "react";
import { Dialog, Key } from "../parts/index.js";
import css from "./dialogs.module.css";
import { type Binding, useBoundKeys } from "./keys.js";

/** Every key that does something here and now. */
export function KeysHelp({ close }: { close: () => void }): ReactNode {
  const bindings = newest(useBoundKeys());
  return (
    <Dialog title="Keys" close={close}>
      <ul className={css.bindings}>
        {bindings.map(binding => (
          <li key={binding.keys}>
            <span>{binding.label}</span>
            <Key keys={binding.keys} />
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

/** Of each key only what it does now. */
function newest(bindings: readonly Binding[]): Binding[] {
  return [...new Map(bindings.map(binding => [binding.keys, binding])).values()];
}
