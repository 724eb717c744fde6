import { type Page, type Params, Problem, useHoldfast } from "@holdfast/react";
import {
  type InfiniteData,
  type UseInfiniteQueryResult,
  type UseQueryResult,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useMemo } from "react";
import { useNotices } from "../shell/notices.js";

/** The nouns that the API lists; the first part of every query's key, by which the live feed refreshes. */
export type Noun =
  | "questions"
  | "sessions"
  | "executions"
  | "supervisors"
  | "plans"
  | "directives"
  | "events"
  | "overview"
  | "subscriptions"
  | "tokens"
  | "me";

/** A list that is read page by page. */
export interface List<Row> {
  rows: Row[];
  isLoading: boolean;
  error: Problem | null;
  hasMore: boolean;
  more(): void;
  refetch(): void;
}

/** A list of a noun, newest first, page by page; kept fresh by the live feed. */
export function useList<Row>(noun: Noun, params: Params = {}, path = `/${noun}`): List<Row> {
  const client = useHoldfast();
  const query = useInfiniteQuery<
    Page<Row>,
    Error,
    InfiniteData<Page<Row>>,
    readonly unknown[],
    string | null
  >({
    queryKey: [noun, "list", path, params],
    queryFn: ({ pageParam, signal }) => client.get(path, { ...params, after: pageParam }, signal),
    initialPageParam: null,
    getNextPageParam: page => page.next,
    placeholderData: before => before,
  });
  return useMemo(() => listOf(query), [query]);
}

function listOf<Row>(query: UseInfiniteQueryResult<InfiniteData<Page<Row>>>): List<Row> {
  return {
    rows: query.data?.pages.flatMap(page => page.items) ?? [],
    isLoading: query.isPending,
    error: problemOf(query.error),
    hasMore: query.hasNextPage,
    more: () => void (query.isFetching || query.fetchNextPage()),
    refetch: () => void query.refetch(),
  };
}

/** One thing: `useOne("executions", id)`, or a part of it: `useOne("executions", id, "steps")`. */
export function useOne<Value>(
  noun: Noun,
  id?: string,
  part?: string,
  params: Params = {},
): UseQueryResult<Value, Problem> {
  const client = useHoldfast();
  const path = [noun, id, part].filter(each => each !== undefined).map(each => encodeURIComponent(each));
  return useQuery<Value, Problem>({
    queryKey: [noun, id ?? "one", part ?? "", params],
    queryFn: ({ signal }) => client.get<Value>(`/${path.join("/")}`, params, signal),
  });
}

/** What the server says of something that was done; what can be taken back says how. */
interface Done {
  undo?: { path: string; body: unknown } | null;
}

/**
 * Something that a person does: it is sent once, what it changed is read anew, and a refusal is shown with its next step.
 * Where the server says how to take it back, the notice of it offers that.
 */
export function useAct<Body = Record<string, unknown>>(
  pathOf: (body: Body) => string,
  did?: (body: Body) => string,
) {
  const client = useHoldfast();
  const queries = useQueryClient();
  const notices = useNotices();
  const refused = (error: Error) =>
    notices.warn(problemOf(error) ?? new Problem(error.message, { status: 0 }));
  const takeBack = ({ path, body }: { path: string; body: unknown }) =>
    client
      .post(path.replace("/api/v1", ""), body)
      .then(() => notices.tell("It is taken back."), refused)
      .finally(() => queries.invalidateQueries());
  return useMutation<Done | null, Error, Body>({
    mutationFn: body => client.post(pathOf(body), body),
    onSuccess: (done, body) => {
      const undo = done?.undo;
      if (did) notices.tell(did(body), undo ? () => void takeBack(undo) : undefined);
      void queries.invalidateQueries();
    },
    onError: refused,
  });
}

/** The problem that an error is. */
export function problemOf(error: Error | null): Problem | null {
  if (error === null || error instanceof Problem) return error;
  return new Problem(error.message, { status: 0, hint: "Load the page again." });
}
