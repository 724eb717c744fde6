import type { ReactNode } from "react";
import { Empty } from "../../parts/index.js";
import type { DetailProps } from "../registry.js";

/** What is open beside the list. */
export function Detail({ id }: DetailProps): ReactNode {
  return <Empty title={id} />;
}
