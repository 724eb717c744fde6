import { useWebSocketConnection, type WebSocketConnection } from "@holdfast/react";
import { type ReactNode, useEffect, useState } from "react";
import css from "./TideMark.module.css";
import { clockOf } from "./words.js";

/** A loss that heals within this time is not worth a person's look. */
const GRACE_MS = 1_200;

/** How fresh the view is, as a thin line above it: live, catching up, or not live since when. */
export function TideMark(): ReactNode {
  const connection = useWebSocketConnection();
  const { tide, words } = useTide(connection);
  return (
    <div className={css.tide} data-tide={tide} title={connection.reason ?? undefined}>
      <span className={css.line} />
      <span className={css.words} aria-hidden="true">
        {words}
      </span>
      {/* Milliseconds and counts are for the eye: read aloud they would never end. */}
      <span className="unseen" role="status">
        {SPOKEN[tide] ?? words}
      </span>
      {tide === "lost" && (
        <button type="button" className={css.again} onClick={connection.reconnect}>
          Try now
        </button>
      )}
    </div>
  );
}

const SPOKEN: Readonly<Record<string, string>> = {
  live: "live",
  catching_up: "catching up",
  connecting: "connecting",
};

/** What the tide mark says of a connection. */
export function tideOf(
  of: Pick<WebSocketConnection, "state" | "latencyMs" | "behind" | "since" | "failures">,
): string {
  if (of.state === "live") return of.latencyMs === null ? "live" : `live · ${Math.round(of.latencyMs)} ms`;
  if (of.state === "catching_up") return `catching up ${of.behind}…`;
  if (of.state === "lost") return `not live since ${clockOf(of.since)}`;
  return "connecting";
}

function useTide(connection: WebSocketConnection): { tide: string; words: string } {
  const { state } = connection;
  const [isOver, setIsOver] = useState(false);
  useEffect(() => {
    setIsOver(false);
    const timer = setTimeout(() => setIsOver(true), GRACE_MS);
    return () => clearTimeout(timer);
  }, []);
  const isStale = state === "lost" && isOver;
  useEffect(() => {
    document.documentElement.dataset.tide = isStale ? "out" : "in";
  }, [isStale]);
  if (state === "lost" && !isOver) return { tide: "connecting", words: "connecting" };
  return { tide: state, words: tideOf(connection) };
}
