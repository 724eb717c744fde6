import type { ReactNode } from "react";
import { useAct } from "../../data/queries.js";
import type { Question } from "../../data/rows.js";
import { Deeds } from "../common/Deeds.js";

/** What a person may do with a question besides answering it: withdraw it for its asker. */
export function QuestionDeeds({ of }: { of: Question }): ReactNode {
  const withdraw = useAct<{ reason: string }>(
    () => `/questions/${of.id}/withdraw`,
    () => "The question is withdrawn.",
  );
  return (
    <Deeds
      of={[
        of.status === "open" && {
          does: "Withdraw it",
          key: "x",
          title: "Withdraw this question?",
          says: of.plan_name
            ? `Nobody can answer it any more. A gate that is withdrawn fails its step of ${of.plan_name}; a report lets the plan go on.`
            : "Nobody can answer it any more; its asker is told that it was withdrawn.",
          reason: true,
          run: reason => withdraw.mutate({ reason }),
        },
      ]}
    />
  );
}
