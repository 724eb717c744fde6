import { type ReactNode, useState } from "react";
import { useOne } from "../../data/queries.js";
import { Empty, Failure, Rows, Skeleton, StateMark, useListKeys } from "../../parts/index.js";
import { pathTo, useAddress, useInAddress } from "../../shell/address.js";
import { Go } from "../../shell/Go.js";
import { useKeys } from "../../shell/keys.js";
import { Choice, ListHead } from "../../shell/ListHead.js";
import css from "./directives.module.css";
import { PhaseTrack } from "./PhaseTrack.js";
import { type Branch, shownOf } from "./tree.js";

const OPEN_OR_ALL = [
  ["open", "Open"],
  ["all", "All"],
] as const;

/** What there is to do, as a tree, with who holds what. */
export function List(): ReactNode {
  const [which] = useInAddress("which", "open");
  const [query] = useInAddress("q");
  const tree = useOne<{ items: Branch[] }>("directives", "tree", undefined, {
    open: which === "open",
  });
  return (
    <>
      <ListHead title="Directives" count={tree.data?.items.length} search="Key, title or holder">
        <Choice name="which" label="Which directives" of={OPEN_OR_ALL} otherwise="open" />
      </ListHead>
      {tree.data === undefined ? (
        tree.error ? (
          <Failure problem={tree.error} again={() => void tree.refetch()} />
        ) : (
          <Skeleton height={44} />
        )
      ) : (
        <Tree all={tree.data.items} query={query} />
      )}
    </>
  );
}

function Tree({ all, query }: { all: readonly Branch[]; query: string }): ReactNode {
  const { open, go } = useAddress();
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const rows = shownOf(all, folded, query).map(row => ({ ...row, id: row.sd_key }));
  const cursor = useListKeys(
    rows.map(row => row.id),
    id => go(pathTo("directive", id), { keep: true }),
  );
  const fold = (key: string, is: boolean) => {
    const after = new Set(folded);
    if (is) after.add(key);
    else after.delete(key);
    setFolded(after);
  };
  useKeys([
    { keys: "h", label: "Fold what is below", run: () => cursor && fold(cursor, true) },
    { keys: "l", label: "Unfold it", run: () => cursor && fold(cursor, false) },
  ]);
  if (rows.length === 0)
    return query ? (
      <Empty title="No directive matches.">Search for less, or show all of them.</Empty>
    ) : (
      <Empty title="There is nothing to do." command={'holdfast directive add SD-1 "What there is to do"'}>
        Directives are what agents claim and do, as a tree; who holds which is shown here.
      </Empty>
    );
  return (
    <Rows
      rows={rows}
      label="Directives"
      height={44}
      cursor={cursor}
      open={open?.id ?? null}
      onOpen={row => go(pathTo("directive", row.id), { keep: true })}
    >
      {row => <Row of={row} isFolded={folded.has(row.sd_key)} fold={is => fold(row.sd_key, is)} />}
    </Rows>
  );
}

function Row({
  of,
  isFolded,
  fold,
}: {
  of: Branch;
  isFolded: boolean;
  fold: (is: boolean) => void;
}): ReactNode {
  const isParent = of.total_children > 0;
  return (
    <div className={css.row} style={{ paddingLeft: 12 + of.depth * 20 }}>
      {isParent ? (
        <button
          type="button"
          className={css.fold}
          aria-expanded={!isFolded}
          aria-label={`children of ${of.sd_key}`}
          onClick={click => {
            click.stopPropagation();
            fold(!isFolded);
          }}
        />
      ) : (
        <span className={css.fold} />
      )}
      <div className={css.what}>
        <p>
          <StateMark state={of.status} />
          <Go to={["directive", of.sd_key]}>{of.sd_key}</Go>
          <span className={css.title}>{of.title}</span>
        </p>
        <p className={css.under}>
          {isParent ? (
            <span>
              {of.completed_children} of {of.total_children} done
            </span>
          ) : (
            <PhaseTrack phase={of.phase} status={of.status} />
          )}
          <Holder of={of} />
        </p>
      </div>
    </div>
  );
}

function Holder({ of }: { of: Branch }): ReactNode {
  if (of.held_by) return <b className={css.holder}>{of.held_by}</b>;
  if (of.status === "blocked") return <span className={css.blocked}>{of.blocked_reason}</span>;
  if (of.status === "active" && of.total_children === 0) return <span>free</span>;
  return null;
}
