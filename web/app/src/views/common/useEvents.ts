import type { Params } from "@holdfast/react";
import { useEffect } from "react";
import { type List, useList } from "../../data/queries.js";
import type { EventRow } from "./rows.js";

const PAGE = 200;

/** The events of one stream that are of some types, newest first; read to their end, up to so many. */
export function useEvents(streamId: string, params: Params = {}, most = 1_000): List<EventRow> {
  const list = useList<EventRow>("events", { stream_id: streamId, limit: PAGE, ...params });
  const { hasMore, more, rows } = list;
  useEffect(() => {
    if (hasMore && rows.length < most) more();
  }, [hasMore, more, rows.length, most]);
  return list;
}
