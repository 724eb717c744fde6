import type { CSSProperties, ReactNode } from "react";

/** One stretch in which a worker held the work. */
export interface Grip {
  /** Milliseconds of the clock. */
  from: number;
  to: number | null;
  /** How the stretch ended, where it has. */
  end?: "died" | "released" | "completed" | "failed" | "cancelled" | undefined;
  /** Which restoration began it; nothing for the first stretch. */
  restoration?: number | undefined;
  /** What was found when Holdfast took hold again. */
  found?: string | undefined;
}

const LINE: CSSProperties = { position: "relative", display: "block", height: 24, marginTop: 2 };
const SEA: CSSProperties = {
  position: "absolute",
  left: 0,
  right: 0,
  top: 17,
  borderTop: "1px dotted var(--hf-quiet, #888)",
};

/**
 * A run as one bar: where its worker died there is a gap, where Holdfast took hold again a notch with the
 * restoration's number; hovering tells what was found.
 *
 * @example
 * <GripLine grips={[{ from: t0, to: t1, end: "died" }, { from: t2, to: null, restoration: 1, found: "3 of 5 steps" }]} now={Date.now()} />
 */
export function GripLine(props: {
  grips: readonly Grip[];
  now: number;
  from?: number;
  to?: number;
}): ReactNode {
  const first = props.from ?? props.grips[0]?.from ?? props.now;
  const last = props.to ?? Math.max(...props.grips.map(grip => grip.to ?? props.now), first + 1);
  const at = (time: number) => (100 * (time - first)) / Math.max(1, last - first);
  return (
    <span role="img" aria-label={told(props.grips)} style={LINE}>
      <span style={SEA} />
      {props.grips.map(grip => (
        <Stretch key={grip.from} grip={grip} left={at(grip.from)} right={at(grip.to ?? props.now)} />
      ))}
    </span>
  );
}

function Stretch(props: { grip: Grip; left: number; right: number }): ReactNode {
  const { grip, left, right } = props;
  const bar: CSSProperties = {
    position: "absolute",
    top: 13,
    height: 8,
    left: `${left}%`,
    width: `max(2px, ${right - left}%)`,
    background: fillOf(grip),
    ...(grip.end === "died" ? { borderRight: "2px solid var(--hf-red, #b3261e)" } : {}),
  };
  return (
    <>
      <span title={wordsOf(grip)} style={bar} data-end={grip.end ?? "running"} />
      {grip.restoration ? <Notch grip={grip} left={left} /> : null}
    </>
  );
}

function Notch(props: { grip: Grip; left: number }): ReactNode {
  const notch: CSSProperties = {
    position: "absolute",
    top: 0,
    height: 23,
    left: `${props.left}%`,
    paddingLeft: 3,
    borderLeft: "2px solid var(--hf-ink, currentColor)",
    fontSize: 10,
    lineHeight: "11px",
    fontVariantNumeric: "tabular-nums",
    color: "var(--hf-ink, currentColor)",
  };
  return (
    <span title={wordsOf(props.grip)} style={notch} data-restoration={props.grip.restoration}>
      {props.grip.restoration}
    </span>
  );
}

function fillOf(grip: Grip): string {
  if (grip.end === "failed") return "var(--hf-red, #b3261e)";
  return grip.end === "cancelled" ? "var(--hf-faint, #888)" : "var(--hf-kelp, #66751f)";
}

function wordsOf(grip: Grip): string {
  const begun = grip.restoration ? `Restoration ${grip.restoration}` : "Started";
  const found = grip.found ? `: ${grip.found}` : "";
  return `${begun}${found}${grip.end === "died" ? "; then its worker died" : ""}`;
}

function told(grips: readonly Grip[]): string {
  const deaths = grips.filter(grip => grip.end === "died").length;
  const times = deaths === 1 ? "once" : `${deaths} times`;
  return `timeline: ${deaths === 0 ? "never interrupted" : `interrupted ${times}`}, ${grips.at(-1)?.end ?? "running"}`;
}
