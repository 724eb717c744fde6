import type { Grip } from "@holdfast/react";
import type { ReactNode, Ref } from "react";
import { exactOf, GripLine, StateMark, useColumns, useNow } from "../../parts/index.js";
import { durationOf } from "../common/durations.js";
import type { Step } from "../common/rows.js";
import css from "./Gantt.module.css";
import { gapsOf } from "./grips.js";
import { ticksOf } from "./ticks.js";

/** As wide as the longest label, 23:59:59, with room around it. */
const TICK_WIDTH = 68;
const MOST_TICKS = 7;

/** Who did what when: the grip line, and below it a bar for each step on the same line of time. */
export function Gantt(props: {
  grips: readonly Grip[];
  steps: readonly Step[];
  endedAt: number | null;
}): ReactNode {
  const now = useNow();
  const { grips, steps } = props;
  const from = grips[0]?.from ?? Date.parse(steps[0]?.started_at ?? new Date(now).toISOString());
  const to = Math.max(props.endedAt ?? now, from + 1_000);
  const at = (time: number) => (100 * (time - from)) / (to - from);
  return (
    <div className={css.gantt}>
      <Lines at={at} from={from} to={to} />
      {gapsOf(grips, to).map(gap => (
        <Plot key={gap.from} className={css.gaps}>
          <i
            className={css.gap}
            style={{ left: `${at(gap.from)}%`, width: `${at(gap.to) - at(gap.from)}%` }}
          />
        </Plot>
      ))}
      <div className={css.row}>
        <span className={css.label}>who held it</span>
        <GripLine grips={grips} now={now} from={from} to={to} />
        <span className={css.took}>{durationOf(to - from)}</span>
      </div>
      <ol>
        {steps.map(step => (
          <Bar key={step.position} step={step} now={now} at={at} />
        ))}
      </ol>
    </div>
  );
}

function Bar({ step, now, at }: { step: Step; now: number; at: (time: number) => number }): ReactNode {
  const from = Date.parse(step.started_at);
  const to = step.ended_at === null ? now : Date.parse(step.ended_at);
  return (
    <li className={css.row} title={`${step.name}: ${step.status}, begun ${exactOf(step.started_at)}`}>
      <span className={css.label}>
        <StateMark state={step.status} size={10} /> {step.name}
      </span>
      <span className={css.track}>
        <i
          className={css.bar}
          data-status={step.status}
          style={{ left: `${at(from)}%`, width: `max(2px, ${at(to) - at(from)}%)` }}
        />
      </span>
      <span className={css.took}>{durationOf(to - from)}</span>
    </li>
  );
}

function Lines(props: { at: (time: number) => number; from: number; to: number }): ReactNode {
  const [plot, most] = useColumns(TICK_WIDTH);
  return (
    <Plot className={css.lines} measured={plot}>
      {ticksOf(props.from, props.to, Math.min(most, MOST_TICKS)).map(tick => (
        <span key={tick.time} style={{ left: `${props.at(tick.time)}%` }}>
          {tick.label}
        </span>
      ))}
    </Plot>
  );
}

/** A layer behind the rows, as wide as their bars. */
function Plot(props: {
  className: string | undefined;
  children: ReactNode;
  measured?: Ref<HTMLDivElement>;
}): ReactNode {
  return (
    <div className={`${css.layer} ${props.className}`} aria-hidden="true">
      <span />
      <div ref={props.measured}>{props.children}</div>
      <span />
    </div>
  );
}
