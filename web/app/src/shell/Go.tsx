import type { ReactNode } from "react";
import { pathTo, useAddress } from "./address.js";

/**
 * A link to a thing, `<Go to={["plan", id]}>its name</Go>`, or to a path of the dashboard. A click on it is not a click
 * on the row around it. `keep` leaves the list's filters as they are.
 */
export function Go(props: {
  to: readonly [noun: string, id: string] | string;
  keep?: boolean;
  className?: string | undefined;
  children: ReactNode;
}): ReactNode {
  const { go } = useAddress();
  const path = typeof props.to === "string" ? props.to : pathTo(...props.to);
  return (
    <a
      href={path}
      className={props.className}
      onClick={click => {
        click.stopPropagation();
        if (click.metaKey || click.ctrlKey) return;
        click.preventDefault();
        go(path, { keep: props.keep ?? false });
      }}
    >
      {props.children}
    </a>
  );
}
