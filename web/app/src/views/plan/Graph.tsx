import { type ReactNode, useEffect, useMemo, useRef } from "react";
import { StateMark, useNow, wordsOf } from "../../parts/index.js";
import { durationOf } from "../common/durations.js";
import type { PlanStep } from "../common/rows.js";
import css from "./Graph.module.css";
import { layoutOf, NODE } from "./layout.js";

/** A plan as a picture of what stands on what; the newest round of each step. */
export function Graph(props: {
  steps: readonly PlanStep[];
  chosen: string | null;
  choose: (key: string) => void;
}): ReactNode {
  const { steps, chosen } = props;
  const shape = JSON.stringify(steps.map(({ step_key, needs }) => ({ step_key, needs })));
  // Laying out is only done anew when the steps or their needs are others, not when a state moves.
  const { places, edges, width, height } = useMemo(() => layoutOf(JSON.parse(shape)), [shape]);
  const byKey = new Map(steps.map(step => [step.step_key, step]));
  return (
    <div className={css.scroller}>
      <section className={css.graph} style={{ width, height }} aria-label="The plan's steps">
        <svg width={width} height={height} aria-hidden="true">
          {edges.map(edge => (
            <path
              key={`${edge.from} ${edge.to}`}
              d={edge.path}
              data-done={isDone(byKey.get(edge.from))}
              data-lit={edge.from === chosen || edge.to === chosen || undefined}
            />
          ))}
        </svg>
        {places.map(({ key, x, y }) => {
          const step = byKey.get(key);
          return step === undefined ? null : (
            <Node key={key} step={step} x={x} y={y} isChosen={key === chosen} choose={props.choose} />
          );
        })}
      </section>
    </div>
  );
}

function Node(props: {
  step: PlanStep;
  x: number;
  y: number;
  isChosen: boolean;
  choose: (key: string) => void;
}): ReactNode {
  const { step, isChosen } = props;
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isChosen) button.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [isChosen]);
  return (
    <button
      ref={button}
      type="button"
      className={css.node}
      data-status={step.status}
      aria-pressed={isChosen}
      style={{ left: props.x, top: props.y, width: NODE.width, height: NODE.height }}
      onClick={() => props.choose(step.step_key)}
    >
      <span className={css.title}>
        <StateMark state={step.status} size={11} /> {step.title}
      </span>
      <span className={css.under}>
        <span>{step.role ?? step.step_key}</span>
        <Took step={step} />
      </span>
    </button>
  );
}

function Took({ step }: { step: PlanStep }): ReactNode {
  const now = useNow();
  const round = step.round > 1 ? `round ${step.round} · ` : "";
  if (step.started_at === null) return <span>{round + wordsOf(step.status)}</span>;
  const end = step.ended_at === null ? now : Date.parse(step.ended_at);
  const word = step.ended_at === null && step.status !== "running" ? `${wordsOf(step.status)} ` : "";
  return <span>{round + word + durationOf(end - Date.parse(step.started_at))}</span>;
}

function isDone(step: PlanStep | undefined): boolean {
  return step?.status === "completed" || step?.status === "skipped";
}
