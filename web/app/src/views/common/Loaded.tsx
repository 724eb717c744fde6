import type { Problem } from "@holdfast/react";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Failure, Skeleton } from "../../parts/index.js";

/** What a query gave; until then the skeleton of what comes, or what went wrong. */
export function Loaded<Value>(props: {
  query: UseQueryResult<Value, Problem>;
  rows?: number;
  children: (value: Value) => ReactNode;
}): ReactNode {
  const { data, error, refetch } = props.query;
  if (data !== undefined) return props.children(data);
  if (error) return <Failure problem={error} again={() => void refetch()} />;
  return <Skeleton rows={props.rows ?? 4} height={28} />;
}
