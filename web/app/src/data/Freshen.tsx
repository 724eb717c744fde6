import {
  afterEvent,
  type Execution,
  type HoldfastEvent,
  type Page,
  useHoldfast,
  useSubscription,
  useWebSocketConnection,
} from "@holdfast/react";
import { type InfiniteData, type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { dirtOf } from "./dirt.js";

/** Events of this long are taken together: a person sees no difference, and a thousand agents are one drawing. */
const TOGETHER_MS = 120;
/** Lists that must be read anew are read at most this often. */
const LISTS_MS = 1_500;
/** What is left of the time changes slowly. */
const ESTIMATES_MS = 6_000;
const ESTIMATED: ReadonlySet<string> = new Set(["executions"]);

/** Keeps what is shown as fresh as the feed: rows that an event explains are changed, the others are read anew. */
export function Freshen(): null {
  const { venture } = useHoldfast();
  const queries = useQueryClient();
  const pending = useRef<HoldfastEvent[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const lists = useThrottled(LISTS_MS, (nouns: ReadonlySet<string>) => readLists(queries, nouns));
  const estimates = useThrottled(ESTIMATES_MS, nouns => readLists(queries, nouns));
  useEffect(() => () => clearTimeout(timer.current), []);

  // What was asked for while the server was away may have failed for good.
  const { isLive } = useWebSocketConnection();
  const wasLost = useRef(false);
  useEffect(() => {
    if (isLive && wasLost.current) void queries.invalidateQueries();
    wasLost.current = !isLive;
  }, [isLive, queries]);

  const flush = () => {
    timer.current = undefined;
    const events = pending.current;
    pending.current = [];
    lists(freshen(queries, events));
    if (events.some(event => event.type === "execution.progressed")) estimates(ESTIMATED);
  };
  useSubscription(venture === undefined ? {} : { venture }, {
    onEvent: event => {
      pending.current.push(event);
      timer.current ??= setTimeout(flush, TOGETHER_MS);
    },
    onReady: () => void queries.invalidateQueries(),
    onReset: () => void queries.invalidateQueries(),
  });
  return null;
}

/** Applies events; the answer is the nouns whose lists do not know enough. */
function freshen(queries: QueryClient, events: readonly HoldfastEvent[]): Set<string> {
  const stale = new Set<string>();
  const ones = new Set<string>();
  for (const event of events) {
    const isExplained = event.source.endsWith("/execution") && changeRows(queries, event);
    const dirt = dirtOf(event);
    for (const noun of dirt.lists) if (!(isExplained && noun === "executions")) stale.add(noun);
    for (const [noun, id] of dirt.ones) ones.add(`${noun} ${id}`);
  }
  for (const one of ones) {
    const [noun, id] = one.split(" ");
    void queries.invalidateQueries({ queryKey: [noun, id] });
  }
  return stale;
}

/** Changes the row in every list that shows it; false where a list has it and the event does not say enough. */
function changeRows(queries: QueryClient, event: HoldfastEvent): boolean {
  let isExplained = event.type === "execution.progressed" || event.type === "execution.logged";
  queries.setQueriesData<InfiniteData<Page<Execution>>>({ queryKey: ["executions", "list"] }, data => {
    const row = data?.pages.flatMap(page => page.items).find(each => each.id === event.subject);
    if (data === undefined || row === undefined) return data;
    const after = afterEvent(row, event);
    if (after === null) isExplained = false;
    return after === null || after === row ? data : withRow(data, after);
  });
  return isExplained;
}

function withRow(data: InfiniteData<Page<Execution>>, row: Execution): InfiniteData<Page<Execution>> {
  const pages = data.pages.map(page =>
    page.items.some(each => each.id === row.id)
      ? { ...page, items: page.items.map(each => (each.id === row.id ? row : each)) }
      : page,
  );
  return { ...data, pages };
}

function readLists(queries: QueryClient, nouns: ReadonlySet<string>): void {
  for (const noun of nouns) {
    void queries.invalidateQueries({ queryKey: [noun, "list"] });
    void queries.invalidateQueries({ queryKey: [noun, "one"] });
  }
}

/** Collects nouns and hands them on at once, then at most once a pause. */
function useThrottled(
  pauseMs: number,
  run: (nouns: ReadonlySet<string>) => void,
): (nouns: ReadonlySet<string>) => void {
  const waiting = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const go = () => {
    timer.current = undefined;
    if (waiting.current.size === 0) return;
    run(waiting.current);
    waiting.current = new Set();
    timer.current = setTimeout(go, pauseMs);
  };
  return nouns => {
    for (const noun of nouns) waiting.current.add(noun);
    if (timer.current === undefined) go();
  };
}
