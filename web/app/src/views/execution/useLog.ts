import { type Page, type Problem, useHoldfast } from "@holdfast/react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { problemOf } from "../../data/queries.js";
import type { LogLine } from "../common/rows.js";

const PAGE = 200;

/** The lines of a log that a person wants to see, oldest first. */
export interface Log {
  lines: readonly LogLine[];
  isLoading: boolean;
  error: Problem | null;
  more(): void;
}

/** Reads the newest lines first, older ones when asked, and anew when the execution has said more. */
export function useLog(executionId: string, of: { level: string; query: string; count: number }): Log {
  const client = useHoldfast();
  const params = { limit: PAGE, level: of.level === "debug" ? null : of.level, q: of.query || null };
  const { data, error, isPending, isFetching, hasNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ["executions", executionId, "logs", params],
    queryFn: ({ pageParam, signal }) =>
      client.get<Page<LogLine>>(`/executions/${executionId}/logs`, { ...params, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: page => page.next,
    placeholderData: before => before,
  });
  const read = useRef(of.count);
  useEffect(() => {
    if (read.current !== of.count) void refetch({ cancelRefetch: false });
    read.current = of.count;
  }, [of.count, refetch]);
  const lines = useMemo(() => data?.pages.flatMap(page => page.items).toReversed() ?? [], [data]);
  return {
    lines,
    isLoading: isPending,
    error: problemOf(error),
    more: () => void (hasNextPage && !isFetching && fetchNextPage()),
  };
}
