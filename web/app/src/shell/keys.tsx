import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";

/** A key, or two after each other ("g f"), and what it does. */
export interface Binding {
  keys: string;
  label: string;
  run(): void;
  /** Whether it works while something is being written; only for keys with ⌘ or Ctrl. */
  isGlobal?: boolean;
}

const Context = createContext<Keyboard | null>(null);
const SECOND_KEY_MS = 1_000;
const WRITES = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]";

/** A binding with its place: who is drawn later, or further inside, has the higher one. */
interface Placed extends Binding {
  place: number;
}

/** Which keys do what now: of several bindings of a key the innermost acts. */
class Keyboard {
  #bindings: readonly Placed[] = [];
  #places = 0;
  readonly #watchers = new Set<() => void>();
  #first: { key: string; at: number } | null = null;

  readonly all = (): readonly Binding[] => this.#bindings;

  readonly watch = (tell: () => void): (() => void) => {
    this.#watchers.add(tell);
    return () => this.#watchers.delete(tell);
  };

  /** Taken while drawing: what is inside is drawn after what is around it, though its effects run before. */
  readonly takePlace = (): number => ++this.#places;

  add(bindings: readonly Placed[]): () => void {
    this.#change([...this.#bindings, ...bindings].sort((one, other) => one.place - other.place));
    return () => this.#change(this.#bindings.filter(each => !bindings.includes(each)));
  }

  readonly press = (event: KeyboardEvent): void => {
    const key = keyOf(event);
    const isWriting = event.target instanceof Element && event.target.closest(WRITES) !== null;
    const before =
      this.#first !== null && event.timeStamp - this.#first.at < SECOND_KEY_MS ? `${this.#first.key} ` : "";
    const binding = this.#find(before + key) ?? this.#find(key);
    this.#first = { key, at: event.timeStamp };
    if (binding === undefined || event.defaultPrevented || (isWriting && !binding.isGlobal)) return;
    if (document.querySelector("dialog[open]") !== null && !binding.isGlobal) return;
    this.#first = null;
    event.preventDefault();
    binding.run();
  };

  #find(keys: string): Binding | undefined {
    return this.#bindings.findLast(each => each.keys === keys);
  }

  #change(bindings: readonly Placed[]): void {
    this.#bindings = bindings;
    for (const tell of this.#watchers) tell();
  }
}

function keyOf(event: KeyboardEvent): string {
  if (event.altKey) return "";
  const key = event.key.length === 1 ? event.key : event.key.toLowerCase();
  return event.metaKey || event.ctrlKey ? `mod+${key}` : key;
}

/** Hears the keys for what is below it. */
export function KeysProvider({ children }: { children: ReactNode }): ReactNode {
  const keyboard = useMemo(() => new Keyboard(), []);
  useEffect(() => {
    window.addEventListener("keydown", keyboard.press);
    return () => window.removeEventListener("keydown", keyboard.press);
  }, [keyboard]);
  return <Context.Provider value={keyboard}>{children}</Context.Provider>;
}

function useKeyboard(): Keyboard {
  const keyboard = useContext(Context);
  if (keyboard === null) throw new Error("No keys are heard here. Next: put <KeysProvider> around this.");
  return keyboard;
}

/** Bind keys for as long as the component is there and `isOn`; `?` lists them. */
export function useKeys(bindings: readonly Binding[], isOn = true): void {
  const keyboard = useKeyboard();
  const [place] = useState(keyboard.takePlace);
  const newest = useRef(bindings);
  useEffect(() => {
    newest.current = bindings;
  });
  const text = bindings.map(each => `${each.keys}\t${each.label}`).join("\n");
  useEffect(() => {
    if (!isOn) return;
    const stable = newest.current.map((each, at) => ({
      ...each,
      place,
      run: () => newest.current[at]?.run(),
    }));
    return text === "" ? undefined : keyboard.add(stable);
  }, [keyboard, place, text, isOn]);
}

/** The keys that do something now. */
export function useBoundKeys(): readonly Binding[] {
  const keyboard = useKeyboard();
  return useSyncExternalStore(keyboard.watch, keyboard.all, keyboard.all);
}
