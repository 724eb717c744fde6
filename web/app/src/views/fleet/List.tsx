import type { ReactNode } from "react";
import { useInAddress } from "../../shell/address.js";
import { Choice, ListHead } from "../../shell/ListHead.js";
import { Runs } from "./Runs.js";
import { Sessions } from "./Sessions.js";
import { RUN_STATES, SESSION_STATES } from "./states.js";

const OF = [
  ["runs", "Runs"],
  ["sessions", "Sessions"],
] as const;
const AGENTS = ["claude", "codex", "gemini", "command"];

/** Everything that works, or did: runs of agents, and the sessions of agent programs. */
export function List(): ReactNode {
  const [of] = useInAddress("of", "runs");
  const isRuns = of === "runs";
  return (
    <>
      <ListHead title="Fleet" search="Search by name">
        <Choice name="of" label="What is shown" of={OF} otherwise="runs" />
        <Choice
          name="state"
          label="In which state"
          of={isRuns ? RUN_STATES : SESSION_STATES}
          otherwise="all"
        />
        {isRuns && <Agents />}
      </ListHead>
      {isRuns ? <Runs /> : <Sessions />}
    </>
  );
}

function Agents(): ReactNode {
  const [agent, choose] = useInAddress("agent");
  return (
    <select aria-label="Which agent" value={agent} onChange={change => choose(change.target.value)}>
      <option value="">every agent</option>
      {AGENTS.map(each => (
        <option key={each}>{each}</option>
      ))}
    </select>
  );
}
