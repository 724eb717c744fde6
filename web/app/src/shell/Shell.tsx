import { Component, type ReactNode, Suspense, useEffect, useState } from "react";
import { problemOf, useOne } from "../data/queries.js";
import type { Overview } from "../data/rows.js";
import { Empty, Failure, Skeleton, TideMark } from "../parts/index.js";
import { DETAILS, PLACES } from "../views/registry.js";
import { useAddress } from "./address.js";
import { KeysHelp } from "./KeysHelp.js";
import { useKeys } from "./keys.js";
import { Palette } from "./Palette.js";
import { Rail } from "./Rail.js";
import css from "./Shell.module.css";

/** The rail, the list of a place, and what is open beside it. */
export function Shell(): ReactNode {
  const { place, open, go } = useAddress();
  const [above, setAbove] = useState<"palette" | "keys" | null>(null);
  const here = PLACES.find(each => each.path === place);
  useEffect(() => {
    if (place === "") go("/needs-you", { replace: true });
  }, [place, go]);
  useTitle(here?.title);
  useKeys([
    ...PLACES.map(each => ({ keys: `g ${each.key}`, label: each.title, run: () => go(`/${each.path}`) })),
    { keys: "mod+k", label: "Go anywhere", run: () => setAbove("palette"), isGlobal: true },
    { keys: "?", label: "Show the keys", run: () => setAbove("keys") },
    { keys: "escape", label: "Close what is open", run: () => open && go(`/${place}`, { keep: true }) },
  ]);
  return (
    <div className={css.shell} data-open={open ? "" : undefined} data-wide={here?.isWide ? "" : undefined}>
      <a className={css.skip} href="#list">
        To the list
      </a>
      <Rail onSearch={() => setAbove("palette")} />
      <div className={css.view}>
        <TideMark />
        <main className={css.panes}>
          <div id="list" className={css.list} tabIndex={-1}>
            <Guard key={place}>{here ? <here.List /> : place !== "" && <Nowhere />}</Guard>
          </div>
          {open && (
            <div className={css.detail}>
              <Guard key={`${open.noun} ${open.id}`}>
                <Opened noun={open.noun} id={open.id} />
              </Guard>
            </div>
          )}
        </main>
      </div>
      {above === "palette" && <Palette close={() => setAbove(null)} />}
      {above === "keys" && <KeysHelp close={() => setAbove(null)} />}
    </div>
  );
}

/** The name of the tab says how many wait, so that it is seen from another one. */
function useTitle(place: string | undefined): void {
  const waiting = useOne<Overview>("overview").data?.needs_you ?? 0;
  useEffect(() => {
    const name = place ? `${place} · Holdfast` : "Holdfast";
    document.title = waiting > 0 ? `(${waiting}) ${name}` : name;
  }, [place, waiting]);
}

function Opened({ noun, id }: { noun: string; id: string }): ReactNode {
  const Detail = DETAILS[noun];
  return Detail ? <Detail id={id} /> : <Nowhere />;
}

function Nowhere(): ReactNode {
  return <Empty title="There is nothing at this address.">Choose a place on the left, or press ⌘K.</Empty>;
}

/** A view that fails does not take the others with it. */
class Guard extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    const problem = problemOf(this.state.error);
    if (problem !== null) return <Failure problem={problem} again={() => this.setState({ error: null })} />;
    return <Suspense fallback={<Skeleton />}>{this.props.children}</Suspense>;
  }
}
