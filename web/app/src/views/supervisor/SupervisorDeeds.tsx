import type { ReactNode } from "react";
import { useAct } from "../../data/queries.js";
import { Deeds } from "../common/Deeds.js";
import type { Supervisor } from "../common/rows.js";

/** What a person may do with a supervisor: pause it, have it go on, have it restored, stop it for good. */
export function SupervisorDeeds({ of }: { of: Supervisor }): ReactNode {
  const resume = useAct<{ reason?: string }>(
    () => `/supervisors/${of.id}/resume`,
    () => `${of.name} goes on.`,
  );
  const pause = useAct<{ reason: string }>(
    () => `/supervisors/${of.id}/pause`,
    () => `${of.name} is paused.`,
  );
  const stop = useAct<{ reason: string }>(
    () => `/supervisors/${of.id}/stop`,
    () => `${of.name} is stopped.`,
  );
  const restore = useAct<{ reason: string }>(
    () => `/supervisors/${of.id}/restore`,
    () => `The next worker restores ${of.name}.`,
  );
  if (of.ended_at !== null) return null;
  const isPaused = of.paused_at !== null;
  return (
    <Deeds
      of={[
        isPaused && {
          does: "Let it go on",
          key: "p",
          tone: "good",
          title: `Let ${of.name} go on?`,
          says: "It goes on from where it was paused.",
          run: () => resume.mutate({}),
        },
        !isPaused && {
          does: "Pause it",
          key: "p",
          tone: "person",
          title: `Pause ${of.name}?`,
          says: "It keeps its steps, its executions and its questions, and waits until it is let go on.",
          reason: true,
          run: reason => pause.mutate({ reason }),
        },
        {
          does: "Restore it",
          key: "r",
          tone: "person",
          title: `Have ${of.name} restored?`,
          says: "Whoever holds it loses it, and the next worker takes it up where it stands.",
          reason: true,
          run: reason => restore.mutate({ reason }),
        },
        {
          does: "Stop it",
          key: "x",
          title: `Stop ${of.name} for good?`,
          says: "It ends as failed, with your reason. This cannot be undone; what it has finished stays.",
          reason: true,
          run: reason => stop.mutate({ reason }),
        },
      ]}
    />
  );
}
