import type { Problem } from "@holdfast/react";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from "react";
import css from "./notices.module.css";

/** What a person is told about what they did. */
interface Notice {
  id: number;
  tone: "done" | "problem";
  text: string;
  hint?: string | undefined;
  undo?: (() => void) | undefined;
}

/** Tells a person what their action did. */
export interface Notices {
  tell(text: string, undo?: () => void): void;
  warn(problem: Problem): void;
}

const Context = createContext<Notices>({ tell: () => undefined, warn: () => undefined });
const SHOWN_MS = 6_000;

/** Holds the notices and shows them. */
export function NoticesProvider({ children }: { children: ReactNode }): ReactNode {
  const [notices, setNotices] = useState<readonly Notice[]>([]);
  const count = useRef(0);
  const drop = useCallback((id: number) => setNotices(all => all.filter(each => each.id !== id)), []);
  const value = useMemo<Notices>(() => {
    const add = (notice: Omit<Notice, "id">) => {
      const id = ++count.current;
      setNotices(all => [...all.slice(-2), { ...notice, id }]);
      if (notice.tone === "done") setTimeout(() => drop(id), SHOWN_MS);
    };
    return {
      tell: (text, undo) => add({ tone: "done", text, undo }),
      warn: problem => add({ tone: "problem", text: problem.message, hint: problem.hint }),
    };
  }, [drop]);
  return (
    <Context.Provider value={value}>
      {children}
      <ul className={css.notices} aria-live="polite">
        {notices.map(notice => (
          <Shown key={notice.id} notice={notice} drop={() => drop(notice.id)} />
        ))}
      </ul>
    </Context.Provider>
  );
}

function Shown({ notice, drop }: { notice: Notice; drop: () => void }): ReactNode {
  const undo = notice.undo;
  return (
    <li className={css[notice.tone]} role={notice.tone === "problem" ? "alert" : "status"}>
      <span>
        {notice.text} {notice.hint && <em>{notice.hint}</em>}
      </span>
      {undo && (
        <button
          type="button"
          onClick={() => {
            undo();
            drop();
          }}
        >
          Undo
        </button>
      )}
      <button type="button" aria-label="Dismiss" onClick={drop}>
        ×
      </button>
    </li>
  );
}

/** Tell a person something. */
export function useNotices(): Notices {
  return useContext(Context);
}
