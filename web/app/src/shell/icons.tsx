import type { ReactNode } from "react";

/** Drawn on a grid of 20, one stroke wide: signs on an instrument, not pictures. */
const PATHS: Readonly<Record<string, string>> = {
  "needs-you": "M10 3v9M10 15.5v1.5",
  fleet: "M3 5.5h14M3 10h9M3 14.500h12",
  directives: "M5 3v14M5 6h6M5 11h6M11 4.500h5v3h-5zM11 9.500h5v3h-5z",
  plans: "M3 5h4v4H3zM13 3h4v4h-4zM13 13h4v4h-4zM7 7h3M10 5v10M10 5h3M10 15h3",
  events: "M3 15l4-6 3 3 3-7 4 10",
  settings: "M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4",
  search: "M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4M13 13l4 4",
  back: "M12 4l-6 6 6 6",
  close: "M5 5l10 10M15 5L5 15",
};

/** A sign of the rail. */
export function Icon({ name }: { name: string }): ReactNode {
  const width = name === "needs-you" ? 2.6 : 1.5;
  return (
    <svg aria-hidden="true" width="20" height="20" viewBox="0 0 20 20" fill="none">
      <path d={PATHS[name]} stroke="currentColor" strokeWidth={width} />
    </svg>
  );
}
