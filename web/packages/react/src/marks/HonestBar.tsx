import type { CSSProperties, ReactNode } from "react";
import type { Progress } from "../client/types.js";
import { remainingOf } from "./words.js";

const TRACK: CSSProperties = {
  position: "relative",
  display: "block",
  height: 6,
  overflow: "hidden",
  background: "var(--hf-track, #8883)",
  borderRadius: 1,
};

/** Where the marks of a bar stand, in percent of the whole run. */
export interface Shape {
  done: number;
  /** The share of the time that has passed if the pessimist is right, and if the optimist is. */
  band: { from: number; to: number } | null;
  /** Where the median of past runs would be by now. */
  usual: number | null;
}

/** The shape of a progress: solid is what is done, the band and the tick say what the clock says of it. */
export function shapeOf(progress: Progress | null | undefined, elapsedSeconds?: number | null): Shape {
  const done = clamp(progress?.percent ?? 0);
  const worked = progress?.worked_seconds ?? elapsedSeconds;
  if (!progress || !worked || done >= 100) return { done, band: null, usual: null };
  const left = progress.remaining_seconds;
  const passed = (seconds: number) => clamp((100 * worked) / (worked + seconds));
  return {
    done,
    band: left ? { from: passed(left.high), to: passed(left.low) } : null,
    usual: progress.usual_seconds ? clamp((100 * worked) / progress.usual_seconds) : null,
  };
}

/**
 * Progress that does not pretend: solid up to what is done, a lighter band from the optimist's estimate to the
 * pessimist's, a tick for the median of past runs; hatched where nothing is known.
 *
 * @example
 * <HonestBar progress={execution.eta} elapsedSeconds={90} />
 */
export function HonestBar(props: {
  progress: Progress | null | undefined;
  elapsedSeconds?: number | null;
  label?: string;
  tone?: "good" | "bad" | "person" | "still";
  /** A thin line: for what is over. */
  isThin?: boolean;
}): ReactNode {
  const { done, band, usual } = shapeOf(props.progress, props.elapsedSeconds);
  const isKnown = props.progress?.percent !== null && props.progress?.percent !== undefined;
  const colour = COLOURS[props.tone ?? "good"];
  return (
    <span
      role="progressbar"
      aria-label={props.label ?? "progress"}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={isKnown ? Math.round(props.progress?.percent ?? 0) : undefined}
      aria-valuetext={
        isKnown ? `${Math.round(props.progress?.percent ?? 0)} %, ${remainingOf(props.progress)}` : "unknown"
      }
      style={{
        ...TRACK,
        ...(isKnown ? {} : { background: HATCHED }),
        ...(props.isThin ? { height: 2 } : {}),
      }}
    >
      {band && <i style={part(band.from, band.to, { background: colour, opacity: 0.28 })} />}
      <i style={part(0, done, { background: colour })} />
      {usual !== null && <i style={tick(usual)} />}
    </span>
  );
}

const COLOURS = {
  good: "var(--hf-kelp, #66751f)",
  bad: "var(--hf-red, #b3261e)",
  person: "var(--hf-buoy, #c2560c)",
  still: "var(--hf-faint, #888)",
} as const;
const HATCHED = "repeating-linear-gradient(135deg, var(--hf-track, #8883) 0 3px, transparent 3px 6px)";

function part(from: number, to: number, style: CSSProperties): CSSProperties {
  return { position: "absolute", top: 0, bottom: 0, left: `${from}%`, width: `${to - from}%`, ...style };
}

function tick(at: number): CSSProperties {
  return part(at, at, { width: 2, marginLeft: -1, background: "var(--hf-ink, currentColor)" });
}

function clamp(percent: number): number {
  return Math.min(100, Math.max(0, percent));
}
