import type { ReactNode } from "react";
import { pathTo, useAddress } from "../../shell/address.js";

/** A way to another thing; the venture stays. */
export function Ref(props: { noun: string; id: string; children: ReactNode; label?: string }): ReactNode {
  const { go } = useAddress();
  const to = pathTo(props.noun, props.id);
  return (
    <a
      href={to}
      aria-label={props.label}
      onClick={click => {
        if (click.metaKey || click.ctrlKey) return;
        click.preventDefault();
        click.stopPropagation();
        go(to);
      }}
    >
      {props.children}
    </a>
  );
}
