import type { ReactNode } from "react";
import { useOne } from "../data/queries.js";
import type { Overview } from "../data/rows.js";
import { PLACES } from "../views/registry.js";
import { useAddress } from "./address.js";
import { Icon } from "./icons.js";
import css from "./Rail.module.css";

/** The places, with the number of things that need a person. */
export function Rail({ onSearch }: { onSearch: () => void }): ReactNode {
  const { place, go } = useAddress();
  const overview = useOne<Overview>("overview");
  const waiting = overview.data?.needs_you ?? 0;
  return (
    <nav className={css.rail} aria-label="Places">
      <img className={css.brand} src="/icon.svg" alt="Holdfast" width={28} height={28} />
      {PLACES.map(each => (
        <a
          key={each.path}
          href={`/${each.path}`}
          className={css.place}
          aria-current={place === each.path ? "page" : undefined}
          data-place={each.path}
          onClick={click => {
            if (click.metaKey || click.ctrlKey) return;
            click.preventDefault();
            go(`/${each.path}`);
          }}
        >
          <Icon name={each.path} />
          <span>{each.title}</span>
          {each.path === "needs-you" && waiting > 0 && (
            <span className={css.count}>
              {waiting > 99 ? "99+" : waiting}
              <span className="unseen"> waiting</span>
            </span>
          )}
        </a>
      ))}
      <button
        type="button"
        className={`${css.place} ${css.search}`}
        onClick={onSearch}
        title="Go anywhere (⌘K)"
      >
        <Icon name="search" />
        <span>⌘K</span>
      </button>
    </nav>
  );
}
