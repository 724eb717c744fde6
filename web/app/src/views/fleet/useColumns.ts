import { useCallback, useState } from "react";

/** How many cards stand beside each other in an element that is measured: the ref for it, and the number. */
export function useColumns(
  cardWidth: number,
): [(element: HTMLElement | null) => (() => void) | undefined, number] {
  const [columns, setColumns] = useState(1);
  const measure = useCallback(
    (element: HTMLElement | null) => {
      if (element === null) return undefined;
      const look = () => setColumns(Math.max(1, Math.floor(element.clientWidth / cardWidth)));
      const observer = new ResizeObserver(look);
      observer.observe(element);
      look();
      return () => observer.disconnect();
    },
    [cardWidth],
  );
  return [measure, columns];
}
