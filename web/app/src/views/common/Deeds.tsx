import { type ReactNode, useState } from "react";
import { Button, Confirm } from "../../parts/index.js";
import { useKeys } from "../../shell/keys.js";

/** Something that a person may do here, and what is said before it is done. */
export interface Deed {
  does: string;
  key?: string;
  tone?: "good" | "bad" | "person";
  title: string;
  says: ReactNode;
  /** Whether the person gives a reason, which is kept. */
  reason?: boolean;
  run(reason: string): void;
}

/** Buttons for deeds; each asks before it is done. */
export function Deeds({ of }: { of: readonly (Deed | false | null)[] }): ReactNode {
  const deeds = of.filter(each => each !== null && each !== false);
  const [asked, setAsked] = useState<string | null>(null);
  const now = deeds.find(each => each.does === asked);
  useKeys(
    deeds
      .filter(each => each.key !== undefined)
      .map(each => ({ keys: each.key ?? "", label: each.does, run: () => setAsked(each.does) })),
  );
  return (
    <>
      {deeds.map(each => (
        <Button
          key={each.does}
          onClick={() => setAsked(each.does)}
          {...(each.key ? { keys: each.key } : {})}
          {...(each.tone ? { tone: each.tone } : {})}
        >
          {each.does}
        </Button>
      ))}
      {now && (
        <Confirm
          title={now.title}
          does={now.does}
          tone={now.tone ?? "bad"}
          reason={now.reason ?? false}
          run={now.run}
          close={() => setAsked(null)}
        >
          <p>{now.says}</p>
        </Confirm>
      )}
    </>
  );
}
