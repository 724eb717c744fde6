import { useCallback } from "react";
import { useLocation, useSearchParams } from "wouter";

/** Where a person is: the whole state of the view, so that the address can be sent to a colleague. */
export interface Address {
  place: string;
  /** What is open beside the list; null for nothing. */
  open: { noun: string; id: string } | null;
}

/** The noun that is meant where a place's address names only an id. */
const ONLY_NOUN: Readonly<Record<string, string>> = {
  "needs-you": "question",
  directives: "directive",
  plans: "plan",
  events: "event",
};
const PLACE_OF: Readonly<Record<string, string>> = {
  question: "needs-you",
  execution: "fleet",
  session: "fleet",
  supervisor: "fleet",
  directive: "directives",
  plan: "plans",
  event: "events",
};

/** The address that a path says. */
export function addressOf(path: string): Address {
  const [place = "", first, second] = path.split("/").filter(Boolean).map(decodeURIComponent);
  const only = ONLY_NOUN[place];
  if (first === undefined) return { place, open: null };
  if (only !== undefined) return { place, open: { noun: only, id: first } };
  return { place, open: second === undefined ? null : { noun: first, id: second } };
}

/** The path of one thing: `pathTo("execution", id)`. */
export function pathTo(noun: string, id: string): string {
  const place = PLACE_OF[noun] ?? "fleet";
  const segments = ONLY_NOUN[place] === noun ? [place, id] : [place, noun, id];
  return `/${segments.map(encodeURIComponent).join("/")}`;
}

/** Where a person is, and ways to go elsewhere. What a place was filtered by goes when the place is left. */
export function useAddress() {
  const [path, navigate] = useLocation();
  const [search] = useSearchParams();
  const venture = search.get("venture");
  const address = addressOf(path);
  const go = useCallback(
    (to: string, options: { keep?: boolean; replace?: boolean } = {}) => {
      const [target = "", query] = to.split("?");
      const kept = new URLSearchParams(options.keep ? window.location.search : query);
      if (venture !== null) kept.set("venture", venture);
      navigate(kept.size > 0 ? `${target}?${kept}` : target, { replace: options.replace ?? false });
    },
    [navigate, venture],
  );
  return { ...address, go };
}

/** A part of the view's state that stands in the address: `const [status, setStatus] = useInAddress("status")`. */
export function useInAddress(name: string, otherwise = ""): [string, (value: string) => void] {
  const [search, setSearch] = useSearchParams();
  const set = useCallback(
    (value: string) =>
      setSearch(
        before => {
          const after = new URLSearchParams(before);
          if (value === "" || value === otherwise) after.delete(name);
          else after.set(name, value);
          return after;
        },
        { replace: true },
      ),
    [setSearch, name, otherwise],
  );
  return [search.get(name) ?? otherwise, set];
}
