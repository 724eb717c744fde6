import type { Execution } from "@holdfast/react";
import type { ReactNode } from "react";
import { useAct } from "../../data/queries.js";
import { Deeds } from "../common/Deeds.js";

/** What a person may do with an execution: cancel what is open, retry what is over. */
export function ExecutionDeeds({ of }: { of: Execution }): ReactNode {
  const cancel = useAct<{ reason: string }>(
    () => `/executions/${of.id}/cancel`,
    () => `${of.name} is cancelled.`,
  );
  const retry = useAct<object>(
    () => `/executions/${of.id}/retry`,
    () => `${of.name} is queued again, as a new execution.`,
  );
  const isOver = of.ended_at !== null;
  return (
    <Deeds
      of={[
        !isOver && {
          does: "Cancel it",
          key: "x",
          title: `Cancel ${of.name}?`,
          says: "Its worker is told at its next call and stops. What it has done stays; it cannot be taken up again.",
          reason: true,
          run: reason => cancel.mutate({ reason }),
        },
        isOver && {
          does: "Run it again",
          key: "r",
          tone: "good",
          title: `Run ${of.name} again?`,
          says: "A new execution with the same input is queued. This one stays as it is.",
          run: () => retry.mutate({}),
        },
      ]}
    />
  );
}
