import type { Problem } from "../client/problem.js";
import type { Execution, HoldfastEvent } from "../client/types.js";
import { useSubscription } from "../provider.js";
import { afterEvent } from "./executionEvents.js";
import { useResource } from "./useResource.js";
import { useWebSocketConnection } from "./useWebSocketConnection.js";

/** An execution as it stands now. */
export interface AgentExecutionStatus {
  execution: Execution | null;
  isLoading: boolean;
  /** Whether a change would be seen at once. */
  isLive: boolean;
  error: Problem | null;
  refresh(): void;
}

/**
 * One execution, live: it is read once, then follows its events in order, across every loss of the connection.
 *
 * @example
 * const { execution, isLive } = useAgentExecutionStatus(id);
 * return <p>{execution?.current_activity ?? "…"}{isLive ? "" : " (not live)"}</p>;
 */
export function useAgentExecutionStatus(id: string | null): AgentExecutionStatus {
  const { value, error, isLoading, refresh, change } = useResource<Execution>(
    id === null ? null : `/executions/${encodeURIComponent(id)}`,
    { eta: 1 },
    newerOf,
  );
  const { isLive } = useWebSocketConnection();
  const take = (event: HoldfastEvent) => {
    const after = value === null ? null : afterEvent(value, event);
    if (after === null) refresh();
    else change(row => afterEvent(row, event) ?? row);
  };
  useSubscription(id === null ? null : { execution: id }, {
    onEvent: event => event.subject === id && take(event),
    onReady: refresh,
    onReset: refresh,
  });
  return { execution: value, isLoading, isLive, error, refresh };
}

function newerOf(shown: Execution, read: Execution): Execution {
  return read.seq < shown.seq ? shown : read;
}
