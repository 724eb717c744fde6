import type { ReactNode } from "react";
import { Empty } from "../../parts/index.js";
import type { DetailProps } from "../registry.js";

/** The list of this place. */
export function List(): ReactNode {
  return <Empty title="This view is being built." />;
}

/** What is open beside the list. */
export function Detail({ id }: DetailProps): ReactNode {
  return <Empty title={id} />;
}
