import type { Directive } from "../common/rows.js";

/** A directive at its place in the tree; each stands before its children. */
export interface Branch extends Directive {
  depth: number;
}

/** What is seen of a tree: not what is folded away, and with a search only what matches, with what stands above it. */
export function shownOf(all: readonly Branch[], folded: ReadonlySet<string>, query: string): Branch[] {
  if (query !== "") return matchesOf(all, query.toLowerCase());
  const shown: Branch[] = [];
  let foldedAt = Number.POSITIVE_INFINITY;
  for (const row of all) {
    if (row.depth > foldedAt) continue;
    foldedAt = folded.has(row.sd_key) ? row.depth : Number.POSITIVE_INFINITY;
    shown.push(row);
  }
  return shown;
}

function matchesOf(all: readonly Branch[], query: string): Branch[] {
  const wanted = new Set<string>();
  const byKey = new Map(all.map(row => [row.sd_key, row]));
  for (const row of all) {
    if (!`${row.sd_key} ${row.title} ${row.held_by ?? ""}`.toLowerCase().includes(query)) continue;
    for (
      let at: Branch | undefined = row;
      at !== undefined && !wanted.has(at.sd_key);
      at = byKey.get(at.parent_key ?? "")
    )
      wanted.add(at.sd_key);
  }
  return all.filter(row => wanted.has(row.sd_key));
}
