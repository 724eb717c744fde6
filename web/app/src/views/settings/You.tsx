import { useHoldfast } from "@holdfast/react";
import type { ReactNode } from "react";
import { useSearchParams } from "wouter";
import { useOne } from "../../data/queries.js";
import type { Me } from "../../data/rows.js";
import { Button, Facts, Section } from "../../parts/index.js";
import css from "./settings.module.css";

/** Who is signed in, and which venture is looked at. */
export function You(): ReactNode {
  const client = useHoldfast();
  const [search, setSearch] = useSearchParams();
  const { data } = useOne<Me>("me");
  const ventures = data?.ventures ?? [];
  const shown = search.get("venture") ?? ventures[0]?.slug ?? "";
  const signOut = async () => {
    await fetch("/sign-out", { method: "POST" });
    client.live.close();
    window.location.assign("/");
  };
  return (
    <Section title="You">
      <Facts
        of={[
          ["signed in as", data?.user],
          ["role", ventures.find(venture => venture.slug === shown)?.role],
        ]}
      />
      <div className={css.line}>
        <label>
          Venture{" "}
          <select value={shown} onChange={change => setSearch({ venture: change.target.value })}>
            {ventures.map(venture => (
              <option key={venture.slug} value={venture.slug}>
                {venture.name}
              </option>
            ))}
          </select>
        </label>
        {data?.kind === "cookie" && <Button onClick={() => void signOut()}>Sign out</Button>}
      </div>
    </Section>
  );
}
