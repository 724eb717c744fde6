import type { ReactNode } from "react";
import { useAct, useOne } from "../../data/queries.js";
import { Button, Section, StateMark, Time } from "../../parts/index.js";
import common from "../common/common.module.css";
import type { Condition, Plan } from "../common/rows.js";
import css from "./plan.module.css";

/** What must hold before a plan starts, while it has not; a person ticks what a person decides. */
export function Checklist({ of }: { of: Plan }): ReactNode {
  const page = useOne<{ items: Condition[] }>("plans", of.id, "conditions");
  const tick = useAct<{ condition: string }>(
    ({ condition }) => `/plans/${of.id}/conditions/${condition}/tick`,
    () => "It is ticked.",
  );
  const all = page.data?.items ?? [];
  if (all.length === 0) return null;
  const open = all.filter(each => !each.holds).length;
  return (
    <Section title="Before it starts" aside={open === 0 ? "all holds" : `${open} to come`}>
      <ul className={css.checklist} aria-label="checklist">
        {all.map(each => (
          <li key={each.condition_id}>
            <StateMark state={each.holds ? "completed" : "pending"} size={12} />
            <span>{each.title}</span>
            <span className={common.quiet}>
              {each.told ?? "not looked at yet"}
              {each.checked_at && (
                <>
                  {" "}
                  <Time at={each.checked_at} />
                </>
              )}
            </span>
            {each.kind === "tick" && !each.holds && of.status === "pending" && (
              <Button tone="person" onClick={() => tick.mutate({ condition: each.condition_id })}>
                Tick it
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
