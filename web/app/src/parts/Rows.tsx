import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";
import css from "./Rows.module.css";

/**
 * A list of any length: only what is seen is drawn. `more` is called when its end comes near.
 *
 * The row under the cursor has `data-cursor`; `useListKeys` moves it.
 */
export function Rows<Row extends { id: string }>(props: {
  rows: readonly Row[];
  label: string;
  height: number;
  /** How many stand beside each other; cards in a grid. */
  columns?: number;
  cursor?: string | null;
  open?: string | null;
  onOpen?: (row: Row) => void;
  more?: () => void;
  children: (row: Row) => ReactNode;
}): ReactNode {
  const columns = Math.max(1, props.columns ?? 1);
  const lines = Math.ceil(props.rows.length / columns);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: lines,
    getScrollElement: () => scroller.current,
    estimateSize: () => props.height,
    overscan: 8,
  });
  const at = props.rows.findIndex(row => row.id === props.cursor);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(Math.floor(at / columns));
  }, [at, columns, virtual]);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const { more } = props;
  useEffect(() => {
    if (last >= lines - 10) more?.();
  }, [last, lines, more]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by the keyboard too
    <div ref={scroller} className={css.scroller} data-rows={props.rows.length} tabIndex={0}>
      <ul aria-label={props.label} style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {items.flatMap(item =>
          props.rows.slice(item.index * columns, (item.index + 1) * columns).map((row, column) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: j, k and enter do it, and rows have links inside
            <li
              key={row.id}
              className={css.row}
              data-cursor={row.id === props.cursor || undefined}
              data-open={row.id === props.open || undefined}
              aria-setsize={props.rows.length}
              aria-posinset={item.index * columns + column + 1}
              onClick={() => props.onOpen?.(row)}
              style={{
                height: props.height,
                width: `${100 / columns}%`,
                left: `${(100 * column) / columns}%`,
                transform: `translateY(${item.start}px)`,
              }}
            >
              {props.children(row)}
            </li>
          )),
        )}
      </ul>
    </div>
  );
}
