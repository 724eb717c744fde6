import { lengthOf } from "@holdfast/react";

/** The time of day: 14:03:22. */
export function clockOf(time: number | string): string {
  return new Date(time).toLocaleTimeString("en-GB");
}

/** The whole time, for hovering: 2026-11-21 14:03:22. */
export function exactOf(time: number | string): string {
  const date = new Date(time);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${clockOf(time)}`;
}

/** How long ago: 4 min ago; in 4 min for what is to come. */
export function agoOf(time: number | string, now: number): string {
  const seconds = (now - new Date(time).getTime()) / 1000;
  if (Math.abs(seconds) < 1) return "now";
  return seconds > 0 ? `${lengthOf(seconds)} ago` : `in ${lengthOf(-seconds)}`;
}

/** A state as people say it: waiting for answers. */
export function wordsOf(state: string): string {
  return state.replaceAll("_", " ");
}

/** A number with thin spaces between its thousands. */
export function numberOf(value: number): string {
  return value.toLocaleString("en-US").replaceAll(",", " ");
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
