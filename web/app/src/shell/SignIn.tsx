import type { ReactNode } from "react";
import { Button } from "../parts/index.js";
import css from "./dialogs.module.css";

/** What stands there for who is not signed in: the one command that gives a link. */
export function SignIn({ again }: { again: () => void }): ReactNode {
  return (
    <main className={css.signIn}>
      <img src="/icon.svg" alt="" width={40} height={40} />
      <h1>Sign in to Holdfast</h1>
      <p>On the machine that runs it, this prints a link that is good for one time:</p>
      <code>holdfast sign-in</code>
      <div>
        <Button onClick={again}>I have opened it</Button>
      </div>
    </main>
  );
}
