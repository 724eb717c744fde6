import { type ReactNode, useState } from "react";
import { useAct, useList } from "../../data/queries.js";
import { Button, Confirm, Empty, Failure, Id, Section, Skeleton, Time } from "../../parts/index.js";
import { NewToken } from "./NewToken.js";
import { Wide } from "./Wide.js";

/** An API token, without its secret. */
interface Token {
  id: string;
  name: string;
  role: string;
  created_by: string | null;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
}

/** Who may come in besides people: tokens for agents and scripts. */
export function Tokens(): ReactNode {
  const tokens = useList<Token>("tokens");
  const [isMaking, setIsMaking] = useState(false);
  return (
    <Section title="API tokens" aside={<Button onClick={() => setIsMaking(true)}>New token</Button>}>
      {isMaking && <NewToken close={() => setIsMaking(false)} />}
      {tokens.error && <Failure problem={tokens.error} again={tokens.refetch} />}
      {tokens.isLoading && <Skeleton rows={2} height={32} />}
      {!tokens.isLoading && !tokens.error && tokens.rows.length === 0 && (
        <Empty title="There is no token." command="holdfast token create --role agent">
          An agent on another machine, or a script, comes in with one. Make it here, or with:
        </Empty>
      )}
      {tokens.rows.length > 0 && <Table tokens={tokens.rows} />}
    </Section>
  );
}

function Table({ tokens }: { tokens: readonly Token[] }): ReactNode {
  return (
    <Wide label="API tokens">
      <table>
        <thead>
          <tr>
            <th>name</th>
            <th>role</th>
            <th>made</th>
            <th>expires</th>
            <th>id</th>
            <th>
              <span className="unseen">what can be done</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map(token => (
            <Row key={token.id} token={token} />
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

function Row({ token }: { token: Token }): ReactNode {
  const [isAsked, setIsAsked] = useState(false);
  const revoke = useAct<{ id: string }>(
    ({ id }) => `/tokens/${id}/revoke`,
    () => `The token ${token.name} lets nobody in any more.`,
  );
  return (
    <tr>
      <td>{token.name}</td>
      <td>{token.role}</td>
      <td>
        <Time at={token.created_at} />
        {token.created_by && ` by ${token.created_by}`}
      </td>
      <td>{token.expires_at ? <Time at={token.expires_at} /> : "never"}</td>
      <td>
        <Id id={token.id} />
      </td>
      <td>
        <Button tone="bad" onClick={() => setIsAsked(true)}>
          Revoke
        </Button>
        {isAsked && (
          <Confirm
            title={`Revoke ${token.name}?`}
            does="Revoke it"
            run={() => revoke.mutate({ id: token.id })}
            close={() => setIsAsked(false)}
          >
            <p>Whoever uses it is refused from the next request on. It cannot be taken back.</p>
          </Confirm>
        )}
      </td>
    </tr>
  );
}
