import { useSyncExternalStore } from "react";
import type { LiveStatus } from "../client/live.js";
import { useHoldfast } from "../provider.js";

/** How the live connection stands, and a way to try again at once. */
export interface WebSocketConnection extends LiveStatus {
  isLive: boolean;
  reconnect(): void;
}

/**
 * How fresh what is shown is. The connection opens with the first subscription and comes back by itself.
 *
 * @example
 * const { isLive, since, reconnect } = useWebSocketConnection();
 * return isLive ? null : <button onClick={reconnect}>not live since {new Date(since).toLocaleTimeString()}</button>;
 */
export function useWebSocketConnection(): WebSocketConnection {
  const { live } = useHoldfast();
  const status = useSyncExternalStore(live.status.watch, live.status.get, live.status.get);
  return { ...status, isLive: status.state === "live", reconnect: () => live.reconnect() };
}
