import { useCallback, useEffect, useRef, useState } from "react";
import { fullJitter } from "../client/backoff.js";
import type { Params } from "../client/client.js";
import { Problem } from "../client/problem.js";
import { useHoldfast } from "../provider.js";

/** Something that was read, or why it could not be. */
export interface Resource<Value> {
  value: Value | null;
  error: Problem | null;
  isLoading: boolean;
  /** Read it anew; several calls at once are one request. */
  refresh(): void;
  /** Change what is shown without reading. */
  change(with_: (value: Value) => Value): void;
}

/**
 * Reads one resource; null as the path reads nothing. A refresh during a reading reads once more after it.
 *
 * An answer that was on its way while events came can be older than what they made: `newer` chooses.
 */
export function useResource<Value>(
  path: string | null,
  params: Params = {},
  newer: (shown: Value, read: Value) => Value = theRead,
): Resource<Value> {
  const client = useHoldfast();
  const [state, setState] = useState<{ value: Value | null; error: Problem | null }>({
    value: null,
    error: null,
  });
  const reader = useRef<{ again: boolean; stop: AbortController } | null>(null);
  const retry = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const failures = useRef(0);
  const query = JSON.stringify(params);

  const refresh = useCallback(() => {
    if (path === null) return;
    clearTimeout(retry.current);
    if (reader.current !== null) {
      reader.current.again = true;
      return;
    }
    const mine = { again: false, stop: new AbortController() };
    reader.current = mine;
    void read<Value>(() => client.get<Value>(path, JSON.parse(query) as Params, mine.stop.signal)).then(
      outcome => {
        if (reader.current !== mine) return;
        reader.current = null;
        setState(before => ({ value: chosen(before.value, outcome.value, newer), error: outcome.error }));
        failures.current = outcome.error === null ? 0 : failures.current + 1;
        if (mine.again) refresh();
        // A server that has just come back may refuse the first reads; nothing else would ask again.
        else if (outcome.error?.isAway) retry.current = setTimeout(refresh, fullJitter(failures.current));
      },
    );
  }, [client, path, query, newer]);

  useEffect(() => {
    setState({ value: null, error: null });
    refresh();
    return () => {
      clearTimeout(retry.current);
      reader.current?.stop.abort();
      reader.current = null;
    };
  }, [refresh]);

  const change = useCallback((with_: (value: Value) => Value) => {
    setState(before => (before.value === null ? before : { ...before, value: with_(before.value) }));
  }, []);
  return {
    ...state,
    isLoading: path !== null && state.value === null && state.error === null,
    refresh,
    change,
  };
}

function theRead<Value>(_: Value, read: Value): Value {
  return read;
}

function chosen<Value>(shown: Value | null, read: Value | null, newer: (shown: Value, read: Value) => Value) {
  return shown === null || read === null ? (read ?? shown) : newer(shown, read);
}

async function read<Value>(
  ask: () => Promise<Value>,
): Promise<{ value: Value | null; error: Problem | null }> {
  try {
    return { value: await ask(), error: null };
  } catch (error) {
    return {
      value: null,
      error: error instanceof Problem ? error : new Problem(String(error), { status: 0 }),
    };
  }
}
