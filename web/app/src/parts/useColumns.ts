import { useCallback, useState } from "react";

/** How many things of a width stand beside each other in an element that is measured: the ref for it, and the number. */
export function useColumns(
  width: number,
): [(element: HTMLElement | null) => (() => void) | undefined, number] {
  const [columns, setColumns] = useState(1);
  const measure = useCallback(
    (element: HTMLElement | null) => {
      if (element === null) return undefined;
      const look = () => setColumns(Math.max(1, Math.floor(element.clientWidth / width)));
      const observer = new ResizeObserver(look);
      observer.observe(element);
      look();
      return () => observer.disconnect();
    },
    [width],
  );
  return [measure, columns];
}
