import type { EventRow } from "../common/rows.js";

/** What an execution had used up to a time. */
export interface Used {
  time: number;
  tokens: number;
  cost: number;
  tools: number;
}

const METERED = "execution.metered";

/** What was used, added up over time, from the events that told of it. */
export function seriesOf(events: readonly EventRow[]): Used[] {
  const sum = { tokens: 0, cost: 0, tools: 0 };
  return events
    .filter(event => event.type === METERED)
    .toSorted((a, b) => a.seq - b.seq)
    .map(({ time, data }) => {
      sum.tokens += number(data.input_tokens) + number(data.output_tokens);
      sum.cost += number(data.cost_usd);
      sum.tools += number(data.tool_calls);
      return { time: Date.parse(time), ...sum };
    });
}

function number(value: unknown): number {
  return Number(value ?? 0);
}
