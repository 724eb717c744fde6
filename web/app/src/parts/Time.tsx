import type { ReactNode } from "react";
import { useNow } from "./useNow.js";
import { agoOf, exactOf } from "./words.js";

/** A time as people say it; hovering tells it exactly. */
export function Time({ at }: { at: string | null | undefined }): ReactNode {
  const now = useNow();
  if (!at) return null;
  return (
    <time dateTime={at} title={exactOf(at)}>
      {agoOf(at, now)}
    </time>
  );
}
