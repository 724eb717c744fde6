import { useState } from "react";
import { useKeys } from "../shell/keys.js";

/** `j` and `k` move through a list, `enter` opens; the answer is the id under the cursor. */
export function useListKeys(ids: readonly string[], open: (id: string) => void, columns = 1): string | null {
  const [cursor, setCursor] = useState<string | null>(null);
  const at = cursor === null ? -1 : ids.indexOf(cursor);
  const move = (by: number) => {
    const to = Math.min(ids.length - 1, Math.max(0, at < 0 ? 0 : at + by));
    setCursor(ids[to] ?? null);
  };
  useKeys([
    { keys: "j", label: "Next", run: () => move(columns) },
    { keys: "k", label: "Previous", run: () => move(-columns) },
    ...(columns > 1
      ? [
          { keys: "l", label: "Right", run: () => move(1) },
          { keys: "h", label: "Left", run: () => move(-1) },
        ]
      : []),
    { keys: "enter", label: "Open", run: () => cursor !== null && open(cursor) },
  ]);
  return at < 0 ? null : cursor;
}
