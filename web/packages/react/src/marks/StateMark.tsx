import type { ReactNode } from "react";

/** The shapes that states have: they differ without colour too. */
export type Shape = "ring" | "half" | "full" | "bar" | "cross" | "dashed" | "slash" | "dot";

const LOOKS: Readonly<Record<string, readonly [Shape, string]>> = {
  pending: ["ring", "faint"],
  ready: ["ring", "ink"],
  draft: ["ring", "faint"],
  starting: ["ring", "kelp"],
  created: ["ring", "faint"],
  running: ["half", "kelp"],
  working: ["half", "kelp"],
  active: ["half", "kelp"],
  verifying: ["half", "blue"],
  idle: ["dot", "faint"],
  paused: ["dot", "ink"],
  waiting_for_tasks: ["dot", "kelp"],
  completed: ["full", "kelp"],
  answered: ["full", "kelp"],
  delivered: ["full", "kelp"],
  acknowledged: ["full", "kelp"],
  ended: ["full", "faint"],
  waiting: ["bar", "buoy"],
  open: ["bar", "buoy"],
  blocked: ["bar", "buoy"],
  requires_action: ["bar", "buoy"],
  waiting_for_answers: ["bar", "buoy"],
  failed: ["cross", "red"],
  lost: ["dashed", "red"],
  interrupted: ["dashed", "red"],
  cancelled: ["slash", "faint"],
  withdrawn: ["slash", "faint"],
  expired: ["slash", "faint"],
  skipped: ["slash", "faint"],
};

/**
 * A state as a shape: ring (pending), half (running), full (completed), bar (waits for a person), cross (failed),
 * dashed ring (lost).
 *
 * @example
 * <StateMark state="running" />
 */
export function StateMark(props: { state: string; size?: number; title?: string }): ReactNode {
  const [shape, colour] = LOOKS[props.state] ?? (["ring", "faint"] as const);
  const size = props.size ?? 12;
  return (
    <svg
      role="img"
      aria-label={props.title ?? props.state.replaceAll("_", " ")}
      width={size}
      height={size}
      viewBox="0 0 12 12"
      style={{ color: `var(--hf-${colour}, currentColor)`, flex: "none", verticalAlign: "-1.5px" }}
    >
      {SHAPES[shape]}
    </svg>
  );
}

const ring = <circle cx="6" cy="6" r="4.6" fill="none" stroke="currentColor" strokeWidth="1.5" />;
const SHAPES: Readonly<Record<Shape, ReactNode>> = {
  ring,
  half: (
    <>
      {ring}
      <path d="M6 1.4a4.6 4.6 0 0 0 0 9.2z" fill="currentColor" />
    </>
  ),
  full: <circle cx="6" cy="6" r="5.3" fill="currentColor" />,
  bar: <rect x="3.6" y="0.7" width="4.8" height="10.6" fill="currentColor" />,
  cross: <path d="M2 2l8 8M10 2l-8 8" stroke="currentColor" strokeWidth="2.2" fill="none" />,
  dashed: (
    <circle
      cx="6"
      cy="6"
      r="4.6"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeDasharray="2.6 2.2"
    />
  ),
  slash: (
    <>
      {ring}
      <path d="M2.8 9.2l6.4-6.4" stroke="currentColor" strokeWidth="1.5" />
    </>
  ),
  dot: <circle cx="6" cy="6" r="2.6" fill="currentColor" />,
};
