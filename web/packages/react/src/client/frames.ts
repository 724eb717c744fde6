import type { HoldfastEvent } from "./types.js";

/** One event as a frame carries it. */
export interface EventItem {
  id: string;
  /** Null for what is read by positions: the one before is kept. */
  cursor: string | null;
  event: HoldfastEvent;
}

/** What the server says on the live connection. */
export type Frame =
  | { type: "hello"; epoch: string; server_time: string }
  | { type: "subscribed"; id: string; cursor: string }
  | ({ type: "event" } & EventItem)
  | { type: "events"; items: EventItem[] }
  | { type: "caught_up"; id: string; cursor: string }
  | { type: "reset"; id: string; reason: string; cursor: string; state?: unknown }
  | { type: "error"; id?: string; code: string; message: string; hint?: string }
  | { type: "ping" }
  | { type: "pong" };

/** The frame that a message says; null where it says none that is known. */
export function frameOf(message: unknown): Frame | null {
  if (typeof message !== "string") return null;
  try {
    const frame: unknown = JSON.parse(message);
    return typeof frame === "object" && frame !== null && "type" in frame ? (frame as Frame) : null;
  } catch {
    return null;
  }
}

/** The events that a frame carries. */
export function eventsOf(frame: Frame): readonly EventItem[] {
  if (frame.type === "events") return frame.items;
  return frame.type === "event" ? [frame] : [];
}
