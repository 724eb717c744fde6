import type { ReactNode } from "react";
import { useList } from "../../data/queries.js";
import { Empty, Id, Section, Skeleton, Time } from "../../parts/index.js";
import { Wide } from "./Wide.js";

interface Follower {
  id: string;
  gateway_id: string;
  user_id: string | null;
  transport: string;
  scope: Record<string, unknown>;
  created_at: string;
}

/** Who follows the feed now. */
export function Subscriptions(): ReactNode {
  const { rows, isLoading, error } = useList<Follower>("subscriptions");
  if (error) return null;
  return (
    <Section title="Subscriptions">
      {isLoading && <Skeleton rows={2} height={32} />}
      {!isLoading && rows.length === 0 && <Empty title="Nobody follows the feed." command="holdfast top" />}
      {rows.length > 0 && (
        <Wide label="Subscriptions">
          <table>
            <thead>
              <tr>
                <th>who</th>
                <th>follows</th>
                <th>by</th>
                <th>since</th>
                <th>server</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(follower => (
                <tr key={follower.id}>
                  <td>{follower.user_id ?? "a program"}</td>
                  <td>{followed(follower.scope)}</td>
                  <td>{follower.transport}</td>
                  <td>
                    <Time at={follower.created_at} />
                  </td>
                  <td>
                    <Id id={follower.gateway_id} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      )}
    </Section>
  );
}

/** What a scope means: "execution 1f3a…", "the whole venture". */
function followed(scope: Record<string, unknown>): string {
  const told = Object.entries(scope).map(([noun, what]) => {
    const named = Array.isArray(what) ? what.join(", ") : String(what);
    return `${noun} ${named}`;
  });
  return told.join(" · ") || "the whole venture";
}
