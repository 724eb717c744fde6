import { lengthOf } from "@holdfast/react";
import type { ReactNode } from "react";
import { Section, Time } from "../../parts/index.js";
import common from "../common/common.module.css";
import { useWhole } from "../common/useWhole.js";
import type { SessionHook } from "./rows.js";

/** The hooks of the agent program that ran in this session: how often, what they stopped, and what they cost. */
export function Hooks({ id }: { id: string }): ReactNode {
  const hooks = useWhole<SessionHook>("sessions", id, "hooks").data ?? [];
  if (hooks.length === 0) return null;
  const runs = hooks.reduce((sum, hook) => sum + hook.runs, 0);
  return (
    <Section title="Hooks" aside={`${runs} runs`}>
      <table className={common.table}>
        <thead>
          <tr>
            <th>hook</th>
            <th>runs</th>
            <th>what it did</th>
            <th className={common.number}>each took, longest</th>
            <th className={common.number}>last</th>
          </tr>
        </thead>
        <tbody>
          {hooks.map(hook => (
            <tr key={hook.hook}>
              <td className={common.mono}>{hook.hook}</td>
              <td>{hook.runs}</td>
              <td className={common.quiet}>{didOf(hook)}</td>
              <td className={common.number}>
                {shortOf(hook.seconds / hook.runs)}, {shortOf(hook.longest)}
              </td>
              <td className={common.number}>
                <Time at={hook.last_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function didOf(hook: SessionHook): string {
  const told = [
    hook.refusals > 0 && `stopped ${hook.refusals}`,
    hook.failures > 0 && `could not do its work ${hook.failures} times`,
  ];
  return told.filter(Boolean).join(", ") || "let all pass";
}

function shortOf(seconds: number): string {
  return seconds < 1 ? `${Math.max(1, Math.round(seconds * 1000))} ms` : lengthOf(seconds);
}
