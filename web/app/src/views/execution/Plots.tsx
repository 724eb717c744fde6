import { type PointerEvent, type ReactNode, useState } from "react";
import { clockOf, numberOf } from "../../parts/index.js";
import css from "./Plots.module.css";
import type { Used } from "./series.js";

/** What a run used, as one plot each on the same line of time. */
export function Plots({
  series,
  from,
  to,
}: {
  series: readonly Used[];
  from: number;
  to: number;
}): ReactNode {
  const [at, setAt] = useState<number | null>(null);
  const shown = (at === null ? undefined : series.findLast(each => each.time <= at)) ?? series.at(-1);
  const point = (move: PointerEvent<SVGSVGElement>) => {
    const box = move.currentTarget.getBoundingClientRect();
    setAt(from + ((to - from) * (move.clientX - box.left)) / box.width);
  };
  return (
    <div className={css.plots} onPointerLeave={() => setAt(null)}>
      {PLOTS.map(plot => (
        <figure key={plot.name}>
          <figcaption>
            {plot.name} <b>{plot.say(shown?.[plot.field] ?? 0)}</b>
            {at !== null && shown && <span>at {clockOf(shown.time)}</span>}
          </figcaption>
          <svg viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true" onPointerMove={point}>
            <path d={areaOf(series, plot.field, from, to)} className={css.area} />
            {at !== null && <path d={`M${place(at, from, to)} 0V40`} className={css.hair} />}
          </svg>
        </figure>
      ))}
    </div>
  );
}

const PLOTS = [
  { name: "Tokens", field: "tokens", say: numberOf },
  { name: "Cost", field: "cost", say: (value: number) => `$${value.toFixed(2)}` },
  { name: "Tool calls", field: "tools", say: numberOf },
] as const;

/** An area of steps: what was used stays used until more is. */
export function areaOf(
  series: readonly Used[],
  field: "tokens" | "cost" | "tools",
  from: number,
  to: number,
): string {
  const most = Math.max(series.at(-1)?.[field] ?? 0, Number.MIN_VALUE);
  const steps = series.map(
    each => `H${place(each.time, from, to)}V${(38 - (36 * each[field]) / most).toFixed(2)}`,
  );
  return `M0 38${steps.join("")}H100V40H0Z`;
}

function place(time: number, from: number, to: number): string {
  return Math.min(100, Math.max(0, (100 * (time - from)) / Math.max(1, to - from))).toFixed(2);
}
