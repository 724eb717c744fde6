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

/** Where the marks of a bar stand, in percent of its length. */
export interface Shape {
  done: number;
  /** Where the run will be now-for-later if the pessimist is right, and if the optimist is. */
  band: { from: number; to: number } | null;
  usual: number | null;
}

/**
 * The bar is a line of time: what has passed is solid, the lighter band is where the end may fall, the tick is where
 * past runs ended. Without an estimate it is the percentage alone.
 */
export function shapeOf(progress: Progress | null | undefined, elapsedSeconds: number | null): Shape {
  const done = clamp(progress?.percent ?? 0);
  const remaining = progress?.remaining_seconds;
  if (!remaining || !elapsedSeconds || done >= 100) return { done, band: null, usual: null };
  const longest = elapsedSeconds + remaining.high;
  const at = (seconds: number) => clamp((100 * seconds) / longest);
  const usual = progress?.usual_seconds;
  return {
    done: Math.min(done, at(elapsedSeconds + remaining.low)),
    band: { from: at(elapsedSeconds + remaining.low), to: 100 },
    usual: usual ? at(usual) : null,
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
}): ReactNode {
  const { done, band, usual } = shapeOf(props.progress, props.elapsedSeconds ?? null);
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
      style={isKnown ? TRACK : { ...TRACK, background: HATCHED }}
    >
      {band && <i style={part(band.from, band.to, { background: colour, opacity: 0.28 })} />}
      <i style={part(0, done, { background: colour })} />
      {usual !== null && (
        <i style={part(usual, usual, { width: 1.5, background: "var(--hf-ink, currentColor)" })} />
      )}
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

function clamp(percent: number): number {
  return Math.min(100, Math.max(0, percent));
}
