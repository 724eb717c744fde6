import { useSyncExternalStore } from "react";

const TICK_MS = 1_000;
const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = Date.now();

function watch(tell: () => void): () => void {
  watchers.add(tell);
  timer ??= setInterval(tick, TICK_MS);
  return () => {
    watchers.delete(tell);
    if (watchers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  now = Date.now();
  for (const tell of watchers) tell();
}

/** The clock, which goes on each second, for all that shows a time with one timer. */
export function useNow(): number {
  return useSyncExternalStore(watch, () => now);
}
