import type { Problem } from "@holdfast/react";
import { useEffect, useMemo } from "react";
import { useList } from "../../data/queries.js";
import type { LogLine } from "../common/rows.js";

const PAGE = 500;

/** The lines of a log that a person wants to see, oldest first. */
export interface Log {
  lines: readonly LogLine[];
  isLoading: boolean;
  error: Problem | null;
  more(): void;
}

/** Reads the newest lines first, older ones when asked, and anew when the execution has said more. */
export function useLog(executionId: string, of: { level: string; query: string; count: number }): Log {
  const list = useList<LogLine>(
    "executions",
    { limit: PAGE, level: of.level === "debug" ? null : of.level, q: of.query || null },
    `/executions/${encodeURIComponent(executionId)}/logs`,
  );
  const { refetch } = list;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new line is the reason to read
  useEffect(() => refetch(), [of.count, refetch]);
  const lines = useMemo(() => list.rows.toSorted((a, b) => a.line - b.line), [list.rows]);
  return { lines, isLoading: list.isLoading, error: list.error, more: () => list.hasMore && list.more() };
}
