import { useEffect, useRef } from "react";
import type { Problem } from "../client/problem.js";
import type { Filter, Progress } from "../client/types.js";
import { useSubscription } from "../provider.js";
import { type Resource, useResource } from "./useResource.js";

/** What progress is tracked of: one of them is given. */
export type Tracked = { execution: string } | { session: string } | { plan: string };

/** How far it is, and how long it will take. */
export interface ProgressTracking {
  progress: Progress | null;
  isLoading: boolean;
  error: Problem | null;
  refresh(): void;
}

/** Reading more often than this shows a person nothing more. */
const PAUSE_MS = 500;

/**
 * How far a piece of work is and how long it will take, derived by the server from what was done.
 *
 * @example
 * const { progress } = useProgressTracking({ execution: id });
 * return <HonestBar progress={progress} />;
 */
export function useProgressTracking(of: Tracked | null): ProgressTracking {
  const resource = useResource<Progress>(of === null ? null : pathOf(of));
  const soon = useAtMostEvery(PAUSE_MS, resource.refresh);
  useSubscription(of as Filter | null, { onEvent: soon, onReady: soon, onReset: soon });
  return trackingOf(resource);
}

function trackingOf({ value, isLoading, error, refresh }: Resource<Progress>): ProgressTracking {
  return { progress: value, isLoading, error, refresh };
}

function pathOf(of: Tracked): string {
  const [noun, id] = Object.entries(of)[0] as [string, string];
  return `/${noun}s/${encodeURIComponent(id)}/progress`;
}

/** Calls it at once, and again at most once a pause. */
function useAtMostEvery(pauseMs: number, call: () => void): () => void {
  const newest = useRef(call);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const isDue = useRef(false);
  useEffect(() => {
    newest.current = call;
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  const run = () => {
    isDue.current = false;
    newest.current();
    timer.current = setTimeout(() => {
      timer.current = undefined;
      if (isDue.current) run();
    }, pauseMs);
  };
  return () => {
    isDue.current = true;
    if (timer.current === undefined) run();
  };
}
