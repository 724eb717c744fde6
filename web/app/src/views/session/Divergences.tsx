import type { ReactNode } from "react";
import { Section, Time } from "../../parts/index.js";
import common from "../common/common.module.css";
import { useWhole } from "../common/useWhole.js";
import type { Divergence } from "./rows.js";

/** Where the project's files, git's branch and the database said different things, and what became of it. */
export function Divergences({ id }: { id: string }): ReactNode {
  const found = useWhole<Divergence>("sessions", id, "divergences").data ?? [];
  if (found.length === 0) return null;
  return (
    <Section title="Divergences" aside="the database wins, out loud">
      <table className={common.table}>
        <tbody>
          {found.map(one => (
            <tr key={`${one.kind} ${one.here} ${one.truth}`}>
              <td>{one.kind}</td>
              <td className={common.mono}>
                {one.here}, {one.truth}
              </td>
              <td className={common.quiet}>{endOf(one)}</td>
              <td className={common.number}>
                <Time at={one.last_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function endOf(of: Divergence): string {
  const end = of.repaired ? "repaired" : of.problem ? `not repaired: ${of.problem}` : "not repaired";
  return of.times > 1 ? `${end}, seen ${of.times} times` : end;
}
