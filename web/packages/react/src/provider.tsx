import { createContext, type ReactNode, useContext, useEffect, useRef } from "react";
import { type ClientOptions, HoldfastClient } from "./client/client.js";
import type { Listener } from "./client/live.js";
import type { Filter } from "./client/types.js";

const Context = createContext<HoldfastClient | null>(null);

/**
 * Gives the components below it a client; all state is in that client, none is global.
 *
 * @example
 * <HoldfastProvider client={new HoldfastClient({ baseUrl, token })}><App /></HoldfastProvider>
 */
export function HoldfastProvider(props: { client: HoldfastClient; children: ReactNode }): ReactNode {
  return <Context.Provider value={props.client}>{props.children}</Context.Provider>;
}

/** The client of the provider above. */
export function useHoldfast(): HoldfastClient {
  const client = useContext(Context);
  if (client === null)
    throw new Error("No client is given. Next: put <HoldfastProvider client={…}> around this.");
  return client;
}

/** Follow what a filter names for as long as the component is there; the listener may be a new one at each drawing. */
export function useSubscription(filter: Filter | null, listener: Listener): void {
  const { live } = useHoldfast();
  const newest = useRef(listener);
  useEffect(() => {
    newest.current = listener;
  });
  const text = filter === null ? null : JSON.stringify(filter);
  useEffect(() => {
    if (text === null) return;
    return live.subscribe(JSON.parse(text) as Filter, {
      onEvent: event => newest.current.onEvent?.(event),
      onReady: () => newest.current.onReady?.(),
      onReset: (reason, state) => newest.current.onReset?.(reason, state),
      onError: (message, code) => newest.current.onError?.(message, code),
    });
  }, [live, text]);
}

/** A client that is made once and closed when the component goes. */
export function useNewClient(options: ClientOptions): HoldfastClient {
  const made = useRef<HoldfastClient | null>(null);
  made.current ??= new HoldfastClient(options);
  const client = made.current;
  useEffect(() => () => client.live.close(), [client]);
  return client;
}
