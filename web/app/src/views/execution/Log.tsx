import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { clockOf, Empty, exactOf, Failure, numberOf } from "../../parts/index.js";
import { useInAddress } from "../../shell/address.js";
import { useKeys } from "../../shell/keys.js";
import type { LogLine } from "../common/rows.js";
import css from "./Log.module.css";
import { type Log as LogData, useLog } from "./useLog.js";

const LEVELS = ["debug", "info", "warning", "error"] as const;
const LINE_HEIGHT = 20;
/** So near the end, a person who scrolls wants to follow. */
const NEAR_PX = 40;

/** What an agent said: filtered, searched, and followed until a person scrolls up. */
export function Log({ executionId, count }: { executionId: string; count: number }): ReactNode {
  const [level, setLevel] = useInAddress("level", "debug");
  const [query, setQuery] = useInAddress("find");
  const [isFollowing, setIsFollowing] = useState(true);
  const log = useLog(executionId, { level, query, count });
  const search = useRef<HTMLInputElement>(null);
  useKeys([
    { keys: "/", label: "Search the log", run: () => search.current?.focus() },
    { keys: "F", label: "Follow the log", run: () => setIsFollowing(is => !is) },
  ]);
  return (
    <div className={css.log}>
      <div className={css.bar}>
        <input
          ref={search}
          type="search"
          placeholder="Search the log"
          aria-label="Search the log"
          value={query}
          onChange={change => setQuery(change.target.value)}
        />
        <select
          aria-label="From which level on"
          value={level}
          onChange={change => setLevel(change.target.value)}
        >
          {LEVELS.map(each => (
            <option key={each} value={each}>
              {each === "debug" ? "every level" : `${each} and worse`}
            </option>
          ))}
        </select>
        <label>
          <input
            type="checkbox"
            checked={isFollowing}
            onChange={change => setIsFollowing(change.target.checked)}
          />
          follow
        </label>
        <span>
          {numberOf(log.lines.length)} of {numberOf(count)} lines
        </span>
      </div>
      {log.error ? (
        <Failure problem={log.error} />
      ) : (
        <Lines
          log={log}
          isFollowing={isFollowing}
          setIsFollowing={setIsFollowing}
          isFiltered={query !== "" || level !== "debug"}
        />
      )}
    </div>
  );
}

function Lines(props: {
  log: LogData;
  isFollowing: boolean;
  setIsFollowing: (is: boolean) => void;
  isFiltered: boolean;
}): ReactNode {
  const { lines, isLoading, more } = props.log;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    getItemKey: at => lines[at]?.line ?? at,
    overscan: 20,
  });
  useEffect(() => {
    if (props.isFollowing && lines.length > 0) virtual.scrollToIndex(lines.length - 1, { align: "end" });
  }, [props.isFollowing, lines.length, virtual]);
  const scrolled = () => {
    const element = scroller.current;
    if (element === null) return;
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
    if (!isAtEnd && props.isFollowing) props.setIsFollowing(false);
    if (element.scrollTop < 10 * LINE_HEIGHT) more();
  };
  if (!isLoading && lines.length === 0)
    return (
      <Empty title={props.isFiltered ? "No line matches." : "It has said nothing yet."}>
        {props.isFiltered
          ? "Search for less, or show every level."
          : "Each line of run.log(…), or of the program's output, stands here."}
      </Empty>
    );
  return (
    <div
      ref={scroller}
      className={css.scroller}
      onWheel={scrolled}
      onKeyUp={scrolled}
      onTouchMove={scrolled}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
      tabIndex={0}
      role="log"
      aria-label="log"
      aria-live="off"
      aria-busy={isLoading}
    >
      <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map(item => {
          const line = lines[item.index];
          return line === undefined ? null : (
            <div
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              className={css.place}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <Line of={line} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Line({ of }: { of: LogLine }): ReactNode {
  return (
    <div className={css.line} data-level={of.level}>
      <span className={css.number}>{of.line}</span>
      <time dateTime={of.time} title={exactOf(of.time)}>
        {clockOf(of.time)}
      </time>
      <span className={css.level}>{of.level === "warning" || of.level === "error" ? of.level : ""}</span>
      <span className={css.message}>
        {of.message}
        {of.data ? <em> {JSON.stringify(of.data)}</em> : null}
      </span>
    </div>
  );
}
