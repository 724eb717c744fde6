import { Graph, layout } from "@dagrejs/dagre";
import type { PlanStep } from "../common/rows.js";

export const NODE = { width: 188, height: 52 } as const;
const GAPS = { nodesep: 20, ranksep: 28, marginx: 2, marginy: 2 } as const;

/** Where a step stands. */
export interface Place {
  key: string;
  x: number;
  y: number;
}

/** A need, drawn from the step that is needed to the one that needs it. */
export interface Edge {
  from: string;
  to: string;
  path: string;
}

/** A plan as layers: what is needed stands above what needs it. */
export interface Layout {
  places: readonly Place[];
  edges: readonly Edge[];
  width: number;
  height: number;
}

/** Lays a plan's steps out. */
export function layoutOf(steps: readonly Pick<PlanStep, "step_key" | "needs">[]): Layout {
  const graph = new Graph();
  graph.setGraph({ rankdir: "TB", ...GAPS });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { step_key } of steps) graph.setNode(step_key, { ...NODE });
  for (const { step_key, needs } of steps) for (const need of needs) graph.setEdge(need, step_key);
  layout(graph);
  const places = graph.nodes().map(key => {
    const { x, y } = graph.node(key);
    return { key, x: x - NODE.width / 2, y: y - NODE.height / 2 };
  });
  const edges = graph
    .edges()
    .map(edge => ({ from: edge.v, to: edge.w, path: pathOf(graph.edge(edge).points) }));
  const { width = 0, height = 0 } = graph.graph();
  return { places, edges, width, height };
}

/** Straight down, over, and down: as a chart of circuits is drawn. */
function pathOf(points: readonly { x: number; y: number }[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let { x, y } = first;
  let path = `M${x} ${y}`;
  for (const point of rest) {
    const middle = (y + point.y) / 2;
    path += point.x === x ? `V${point.y}` : `C${x} ${middle} ${point.x} ${middle} ${point.x} ${point.y}`;
    ({ x, y } = point);
  }
  return path;
}
