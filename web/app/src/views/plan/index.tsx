import type { ReactNode } from "react";
import { useList, useOne } from "../../data/queries.js";
import {
  Empty,
  Failure,
  HonestBar,
  Rows,
  Section,
  Skeleton,
  StateMark,
  Time,
  useListKeys,
} from "../../parts/index.js";
import { pathTo, useAddress, useInAddress } from "../../shell/address.js";
import { Go } from "../../shell/Go.js";
import { ListHead } from "../../shell/ListHead.js";
import common from "../common/common.module.css";
import { Head } from "../common/Head.js";
import { Loaded } from "../common/Loaded.js";
import { percentOnly } from "../common/percent.js";
import type { Plan, PlanStep } from "../common/rows.js";
import type { DetailProps } from "../registry.js";
import { Checklist } from "./Checklist.js";
import { Graph } from "./Graph.js";
import { PlanDeeds } from "./PlanDeeds.js";
import css from "./plan.module.css";
import { firstLookOf, newestOf, roundsOf } from "./rounds.js";
import { StepPanel } from "./StepPanel.js";

/** Every plan, the newest first. */
export function List(): ReactNode {
  const { rows, isLoading, error, more, hasMore, refetch } = useList<Plan>("plans");
  const { open, go } = useAddress();
  const cursor = useListKeys(
    rows.map(row => row.id),
    id => go(pathTo("plan", id)),
  );
  return (
    <>
      <ListHead title="Plans" />
      {error && rows.length === 0 ? (
        <Failure problem={error} again={refetch} />
      ) : isLoading ? (
        <Skeleton height={64} />
      ) : rows.length === 0 ? (
        <Empty title="No plan has run yet." command="holdfast run plan.yaml">
          A plan is work in steps with roles, needs, gates and verification. Its picture stands here, and goes
          on after every crash.
        </Empty>
      ) : (
        <Rows
          rows={rows}
          label="Plans"
          height={64}
          cursor={cursor}
          open={open?.id ?? null}
          onOpen={row => go(pathTo("plan", row.id))}
          {...(hasMore ? { more } : {})}
        >
          {row => <PlanRow of={row} />}
        </Rows>
      )}
    </>
  );
}

function PlanRow({ of }: { of: Plan }): ReactNode {
  return (
    <div className={css.row}>
      <p>
        <StateMark state={stateOf(of)} /> <Go to={["plan", of.id]}>{of.name}</Go>
        <span className={common.quiet}>
          {of.completed_steps}/{of.total_steps}
        </span>
      </p>
      <HonestBar progress={percentOnly(of.progress)} label={`progress of ${of.name}`} />
      <p className={common.quiet}>
        <span>{of.sd_key}</span>
        {of.restoration_count > 0 && <span>restored {of.restoration_count}×</span>}
        <Time at={of.created_at} />
      </p>
    </div>
  );
}

/** One plan as a graph, with what is known of the chosen step. */
export function Detail({ id }: DetailProps): ReactNode {
  const plan = useOne<Plan>("plans", id);
  return (
    <Loaded query={plan} rows={8}>
      {of => <Shown of={of} />}
    </Loaded>
  );
}

function Shown({ of }: { of: Plan }): ReactNode {
  const steps = useOne<{ items: PlanStep[] }>("plans", of.id, "steps", { rounds: true });
  return (
    <>
      <Head state={stateOf(of)} title={of.name} noun="Plan" id={of.id} actions={<PlanDeeds of={of} />}>
        <span>
          {of.completed_steps} of {of.total_steps} steps
        </span>
        <Go to={["directive", of.sd_key]}>{of.sd_key}</Go>
        <Go to={["supervisor", of.supervisor_id]}>
          {of.restoration_count > 0 ? `its runner, restored ${of.restoration_count}×` : "its runner"}
        </Go>
        <span>
          begun <Time at={of.started_at ?? of.created_at} />
        </span>
      </Head>
      {of.error_message && <p className={common.said}>{of.error_message}</p>}
      <Steered of={of} />
      {of.started_at === null && <Checklist of={of} />}
      <Section title="Steps">
        <Loaded query={steps} rows={8}>
          {page => <Steps of={of} all={page.items} />}
        </Loaded>
      </Section>
    </>
  );
}

/** What a person has asked of it, and why. */
function Steered({ of }: { of: Plan }): ReactNode {
  return (
    <>
      {of.paused_at && (
        <p className={common.quiet}>
          Paused <Time at={of.paused_at} />
          {of.pause_reason && `: ${of.pause_reason}`}
        </p>
      )}
      {of.rolling_back_to && (
        <p className={common.quiet}>
          It is being rolled back to {of.rolling_back_to}: {of.rollback_reason}
        </p>
      )}
      {of.stop_reason && of.ended_at === null && <p className={common.quiet}>{of.stop_reason}</p>}
    </>
  );
}

function Steps({ of, all }: { of: Plan; all: readonly PlanStep[] }): ReactNode {
  const newest = newestOf(all);
  const [named, choose] = useInAddress("step");
  const chosen = named || firstLookOf(newest);
  return (
    <div className={css.steps}>
      <Graph steps={newest.filter(each => each.of_step === null)} chosen={chosen} choose={choose} />
      {chosen && (
        <StepPanel
          key={chosen}
          plan={of}
          rounds={roundsOf(all, chosen)}
          items={newest.filter(each => each.of_step === chosen)}
          choose={choose}
        />
      )}
    </div>
  );
}

function stateOf(of: Plan): string {
  if (of.paused_at !== null) return "paused";
  return of.status === "running" && of.interrupted ? "interrupted" : of.status;
}
