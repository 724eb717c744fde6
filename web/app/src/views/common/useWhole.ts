import { type Page, type Problem, useHoldfast } from "@holdfast/react";
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { Noun } from "../../data/queries.js";

const PAGE = 200;
const MOST_PAGES = 10;

/** All of a part of a thing that comes in pages, up to two thousand: `useWhole("executions", id, "steps")`. */
export function useWhole<Row>(noun: Noun, id: string, part: string): UseQueryResult<Row[], Problem> {
  const client = useHoldfast();
  return useQuery<Row[], Problem>({
    queryKey: [noun, id, part],
    queryFn: async ({ signal }) => {
      const rows: Row[] = [];
      let after: string | null = null;
      for (let page = 0; page < MOST_PAGES; page++) {
        const path = `/${noun}/${encodeURIComponent(id)}/${part}`;
        const { items, next }: Page<Row> = await client.get(path, { limit: PAGE, after }, signal);
        rows.push(...items);
        if (next === null) break;
        after = next;
      }
      return rows;
    },
  });
}
