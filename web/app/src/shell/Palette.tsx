import type { Page } from "@holdfast/react";
import { useHoldfast } from "@holdfast/react";
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, type ReactNode, useDeferredValue, useState } from "react";
import { Dialog, Key, StateMark } from "../parts/index.js";
import { PLACES } from "../views/registry.js";
import { pathTo, useAddress } from "./address.js";
import css from "./dialogs.module.css";

interface Target {
  path: string;
  title: string;
  noun: string;
  state?: string;
  keys?: string;
}

/** Go anywhere: to a place, or to anything by its name. */
export function Palette({ close }: { close: () => void }): ReactNode {
  const { go } = useAddress();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const targets = useTargets(useDeferredValue(text.trim()));
  const choose = (target: Target | undefined) => {
    if (target === undefined) return;
    close();
    go(target.path);
  };
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter") choose(targets[at]);
    else if (step !== undefined) setAt((at + step + targets.length) % Math.max(1, targets.length));
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Go anywhere" close={close} isPlain>
      <input
        className={css.query}
        autoFocus
        role="combobox"
        aria-label="Go anywhere"
        aria-expanded="true"
        aria-controls="targets"
        aria-activedescendant={targets[at] ? `target-${at}` : undefined}
        placeholder="A place, a directive, a run …"
        value={text}
        onChange={change => {
          setText(change.target.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      <div id="targets" role="listbox" aria-label="Found" className={css.targets}>
        {targets.map((target, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are heard by the input
          // biome-ignore lint/a11y/useFocusableInteractive: the input says which one is active
          <div
            key={target.path}
            id={`target-${index}`}
            role="option"
            aria-selected={index === at}
            onClick={() => choose(target)}
            onMouseMove={() => setAt(index)}
          >
            {target.state ? <StateMark state={target.state} /> : <i />}
            <span>{target.title}</span>
            <em>{target.noun}</em>
            {target.keys && <Key keys={target.keys} />}
          </div>
        ))}
        {targets.length === 0 && <p>Nothing is called so.</p>}
      </div>
    </Dialog>
  );
}

function useTargets(text: string): Target[] {
  const client = useHoldfast();
  const found = useQuery({
    queryKey: ["palette", text],
    enabled: text.length > 1,
    placeholderData: before => before,
    queryFn: async () => {
      const [runs, directives] = await Promise.all([
        client.get<Page<Named>>("/executions", { q: text, limit: 8 }),
        client.get<Page<Named>>("/directives", { q: text, limit: 8 }),
      ]);
      return [...runs.items.map(runTarget), ...directives.items.map(directiveTarget)];
    },
  });
  const places = PLACES.map(place => ({
    path: `/${place.path}`,
    title: place.title,
    noun: "place",
    keys: `g ${place.key}`,
  }));
  const isMeant = (target: Target) => target.title.toLowerCase().includes(text.toLowerCase());
  return [...places.filter(isMeant), ...(text.length > 1 ? (found.data ?? []).filter(isMeant) : [])];
}

interface Named {
  id: string;
  name?: string;
  sd_key?: string;
  title?: string;
  status: string;
}

function runTarget(row: Named): Target {
  return { path: pathTo("execution", row.id), title: row.name ?? row.id, noun: "run", state: row.status };
}

function directiveTarget(row: Named): Target {
  const key = row.sd_key ?? row.id;
  return {
    path: pathTo("directive", key),
    title: `${key}  ${row.title ?? ""}`,
    noun: "directive",
    state: row.status,
  };
}
