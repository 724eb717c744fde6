import type { ReactNode } from "react";
import { ListHead } from "../../shell/ListHead.js";
import { Subscriptions } from "./Subscriptions.js";
import css from "./settings.module.css";
import { Theme } from "./Theme.js";
import { Tokens } from "./Tokens.js";
import { You } from "./You.js";

/** Who is here, how it looks, who may come in, and who follows. */
export function List(): ReactNode {
  return (
    <>
      <ListHead title="Settings" />
      <div className={css.page}>
        <You />
        <Theme />
        <Tokens />
        <Subscriptions />
      </div>
    </>
  );
}
