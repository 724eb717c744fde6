import { type ComponentType, lazy } from "react";

/** What a detail is given: the id, or the key, that the address names. */
export interface DetailProps {
  id: string;
}

/** A place of the rail. */
export interface Place {
  path: string;
  title: string;
  /** The second key after `g`. */
  key: string;
  List: ComponentType;
  /** Whether its list wants the whole width until something is opened. */
  isWide?: boolean;
}

type Module<Name extends string, Props> = () => Promise<Record<Name, ComponentType<Props>>>;
const list = (load: Module<"List", object>) => lazy(async () => ({ default: (await load()).List }));
const detail = (load: Module<"Detail", DetailProps>) =>
  lazy(async () => ({ default: (await load()).Detail }));

/** The rail, from above to below. */
export const PLACES: readonly Place[] = [
  {
    path: "needs-you",
    title: "Needs you",
    key: "n",
    List: list(() => import("./needs-you/index.js")),
    isWide: true,
  },
  { path: "fleet", title: "Fleet", key: "f", List: list(() => import("./fleet/index.js")), isWide: true },
  { path: "directives", title: "Directives", key: "d", List: list(() => import("./directives/index.js")) },
  { path: "plans", title: "Plans", key: "p", List: list(() => import("./plan/index.js")) },
  { path: "events", title: "Events", key: "e", List: list(() => import("./events/index.js")), isWide: true },
  {
    path: "settings",
    title: "Settings",
    key: "s",
    List: list(() => import("./settings/index.js")),
    isWide: true,
  },
];

/** What can be opened beside a list. */
export const DETAILS: Readonly<Record<string, ComponentType<DetailProps>>> = {
  question: detail(() => import("./needs-you/index.js")),
  execution: detail(() => import("./execution/index.js")),
  session: detail(() => import("./session/index.js")),
  supervisor: detail(() => import("./supervisor/index.js")),
  directive: detail(() => import("./directives/index.js")),
  plan: detail(() => import("./plan/index.js")),
  event: detail(() => import("./events/index.js")),
};
