import type { ReactNode } from "react";
import { useAct } from "../../data/queries.js";
import { Deeds } from "../common/Deeds.js";
import type { Plan } from "../common/rows.js";

/** What a person may do with a plan: pause it, let it go on, stop it, run it again. */
export function PlanDeeds({ of }: { of: Plan }): ReactNode {
  const resume = useAct<{ reason?: string }>(
    () => `/plans/${of.id}/resume`,
    () => `${of.name} goes on.`,
  );
  const pause = useAct<{ reason: string }>(
    () => `/plans/${of.id}/pause`,
    () => `${of.name} is paused.`,
  );
  const stop = useAct<{ reason: string }>(
    () => `/plans/${of.id}/stop`,
    () => `${of.name} is stopped.`,
  );
  const isOpen = of.ended_at === null;
  const isPaused = of.paused_at !== null;
  return (
    <Deeds
      of={[
        isPaused && {
          does: "Let it go on",
          key: "p",
          tone: "good",
          title: `Let ${of.name} go on?`,
          says: "What is ready starts.",
          run: () => resume.mutate({}),
        },
        of.status === "failed" && {
          does: "Run it again",
          key: "p",
          tone: "good",
          title: `Run ${of.name} again?`,
          says: "What is completed stays; what failed gets a new round.",
          reason: true,
          run: reason => resume.mutate({ reason }),
        },
        isOpen &&
          !isPaused && {
            does: "Pause it",
            key: "p",
            tone: "person",
            title: `Pause ${of.name}?`,
            says: "It starts nothing new; what is under way comes to its end.",
            reason: true,
            run: reason => pause.mutate({ reason }),
          },
        isOpen && {
          does: "Stop it",
          key: "x",
          title: `Stop ${of.name}?`,
          says: "What is under way is cancelled, and the plan has failed, with your reason. It can be run again.",
          reason: true,
          run: reason => stop.mutate({ reason }),
        },
      ]}
    />
  );
}

/** Taking back a step and all that stands on it, of a plan that is not completed. */
export function RollBack({ of, step, title }: { of: Plan; step: string; title: string }): ReactNode {
  const rollBack = useAct<{ to_step: string; reason: string }>(
    () => `/plans/${of.id}/rollback`,
    () => `${of.name} is rolled back to ${title}.`,
  );
  if (!["running", "ready", "failed"].includes(of.status) || of.rolling_back_to !== null) return null;
  return (
    <Deeds
      of={[
        {
          does: "Roll back to here",
          title: `Roll back to ${title}?`,
          says: "It and all that stands on it are taken back by their undo commands, the last thing done first, and then done again. What is under way there is cancelled.",
          reason: true,
          run: reason => rollBack.mutate({ to_step: step, reason }),
        },
      ]}
    />
  );
}
