import type { ReactNode } from "react";
import { useList } from "../../data/queries.js";
import { Empty, Section, Skeleton } from "../../parts/index.js";
import { exactOf } from "../../parts/words.js";
import css from "./settings.module.css";

const LOOKS_LIKE_A_TIME = /^\d{4}-\d\d-\d\dT/;

/** Who follows the feed now. */
export function Subscriptions(): ReactNode {
  const { rows, isLoading, error } = useList<Record<string, unknown>>("subscriptions");
  if (error) return null;
  const columns = Object.keys(rows[0] ?? {}).filter(name => name !== "venture_id");
  return (
    <Section title="Subscriptions">
      {isLoading && <Skeleton rows={2} height={32} />}
      {!isLoading && rows.length === 0 && <Empty title="Nobody follows the feed." command="holdfast watch" />}
      {rows.length > 0 && (
        <div className={css.scroll}>
          <table>
            <thead>
              <tr>
                {columns.map(name => (
                  <th key={name}>{name.replaceAll("_", " ")}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(row => (
                <tr key={String(row.id)}>
                  {columns.map(name => (
                    <td key={name}>{shown(row[name])}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  );
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return JSON.stringify(value);
  return LOOKS_LIKE_A_TIME.test(value) ? exactOf(value) : value;
}
