import { type Execution, type HoldfastClient, type Page, useHoldfast } from "@holdfast/react";
import { useQuery } from "@tanstack/react-query";
import type { EventRow } from "../common/rows.js";
import { HANDOVERS, type Handover } from "./grips.js";

/** Who dies oftener than this is not looked at closer. */
const MOST = 50;

/** What took or gave back an execution. One that was never interrupted is not asked about. */
export function useHandovers(of: Execution): readonly Handover[] {
  const client = useHoldfast();
  const { data } = useQuery({
    queryKey: ["handovers", of.id, of.attempt, of.interrupted, of.status],
    queryFn: ({ signal }) => read(client, of.id, signal),
    enabled: of.attempt > 1 || of.interrupted,
    placeholderData: before => before,
  });
  return data ?? [];
}

async function read(client: HoldfastClient, id: string, signal: AbortSignal): Promise<Handover[]> {
  const pages = await Promise.all(
    HANDOVERS.map(type =>
      client.get<Page<EventRow>>("/events", { stream_id: id, type, limit: MOST }, signal),
    ),
  );
  return Promise.all(
    pages
      .flatMap(page => page.items)
      .map(async event => ({ ...event, last_sign: await lastSignOf(client, event, signal) })),
  );
}

/** When a worker that died was last heard of: its last event before that. */
async function lastSignOf(
  client: HoldfastClient,
  event: EventRow,
  signal: AbortSignal,
): Promise<string | null> {
  if (event.type !== "execution.interrupted") return null;
  const before = { stream_id: event.stream_id, before: event.time, limit: 1 };
  const page = await client.get<Page<EventRow>>("/events", before, signal);
  return page.items[0]?.time ?? null;
}
