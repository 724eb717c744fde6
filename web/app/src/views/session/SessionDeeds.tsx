import type { ReactNode } from "react";
import { useAct } from "../../data/queries.js";
import { Deeds } from "../common/Deeds.js";
import type { SessionDetail } from "./rows.js";

/** What a person may do with a session: take its claim away, or end it. */
export function SessionDeeds({ of }: { of: SessionDetail }): ReactNode {
  const release = useAct<{ reason: string }>(
    () => `/sessions/${of.id}/release`,
    () => `${of.sd_key ?? "Its claim"} is free again.`,
  );
  const end = useAct<{ reason: string }>(
    () => `/sessions/${of.id}/end`,
    () => `${of.session_id} is ended.`,
  );
  if (of.state === "ended") return null;
  return (
    <Deeds
      of={[
        of.sd_key !== null && {
          does: `Release ${of.sd_key}`,
          key: "f",
          tone: "person",
          title: `Take ${of.sd_key} from ${of.session_id}?`,
          says: "Another session may claim it at once. This session is refused at its next write, and told so.",
          reason: true,
          run: reason => release.mutate({ reason }),
        },
        {
          does: "End it",
          key: "x",
          title: `End ${of.session_id}?`,
          says: "What it holds is given back and its walk stops. The agent program is refused from then on; it may be resumed by its own program.",
          reason: true,
          run: reason => end.mutate({ reason }),
        },
      ]}
    />
  );
}
