import type { Execution } from "@holdfast/react";
import type { ReactNode } from "react";
import { useList } from "../../data/queries.js";
import { Empty, Failure, Rows, Skeleton, useColumns, useListKeys } from "../../parts/index.js";
import { pathTo, useAddress, useInAddress } from "../../shell/address.js";
import { RunCard } from "./RunCard.js";
import { runFilter } from "./states.js";

const CARD = { width: 320, height: 96 };
/** Enough for every screen; the next page is read long before its end is seen. */
const PAGE = 200;

/** Runs as cards; a thousand scroll as ten do. */
export function Runs(): ReactNode {
  const [state] = useInAddress("state", "all");
  const [agent] = useInAddress("agent");
  const [q] = useInAddress("q");
  const list = useList<Execution>("executions", { ...runFilter(state), agent, q, limit: PAGE, eta: 1 });
  const { open, go } = useAddress();
  const show = (id: string) => go(pathTo("execution", id), { keep: true });
  const [frame, columns] = useColumns(CARD.width);
  const cursor = useListKeys(
    list.rows.map(row => row.id),
    show,
    columns,
  );
  if (list.error && list.rows.length === 0) return <Failure problem={list.error} again={list.refetch} />;
  if (list.isLoading) return <Skeleton rows={8} height={CARD.height} />;
  if (list.rows.length === 0) return <None isFiltered={state !== "all" || agent !== "" || q !== ""} />;
  return (
    <div ref={frame} className="fill">
      <Rows
        rows={list.rows}
        label="Runs"
        height={CARD.height}
        columns={columns}
        cursor={cursor}
        open={open?.id ?? null}
        onOpen={row => show(row.id)}
        more={list.more}
      >
        {row => <RunCard run={row} keep />}
      </Rows>
    </div>
  );
}

function None({ isFiltered }: { isFiltered: boolean }): ReactNode {
  if (isFiltered) return <Empty title="No run is like that.">Take a filter away to see others.</Empty>;
  return (
    <Empty title="No agent has run yet." command="holdfast run plan.yaml">
      Each run of an agent will stand here, with what it does, how far it is and how long it will take. Begin
      with:
    </Empty>
  );
}
