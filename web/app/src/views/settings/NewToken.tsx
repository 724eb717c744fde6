import { Problem, useHoldfast } from "@holdfast/react";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { Button, Dialog, Failure } from "../../parts/index.js";
import css from "./settings.module.css";

const ROLES = [
  ["agent", "agent: runs work, asks, reports"],
  ["viewer", "viewer: sees, changes nothing"],
  ["operator", "operator: answers, cancels, takes over"],
  ["owner", "owner: everything, tokens too"],
] as const;
const DAY_MS = 86_400_000;

/** Makes a token, and shows its text this once. */
export function NewToken({ close }: { close: () => void }): ReactNode {
  const client = useHoldfast();
  const queries = useQueryClient();
  const [made, setMade] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const make = async (submit: FormEvent<HTMLFormElement>) => {
    submit.preventDefault();
    try {
      const answer = await client.post<{ token: string }>(
        "/tokens",
        bodyOf(new FormData(submit.currentTarget)),
      );
      setMade(answer.token);
      void queries.invalidateQueries({ queryKey: ["tokens"] });
    } catch (error) {
      if (error instanceof Problem) setProblem(error);
      else throw error;
    }
  };
  return (
    <Dialog title={made ? "Copy it now" : "New token"} close={close}>
      {problem && <Failure problem={problem} />}
      {made ? <Made token={made} close={close} /> : <Form make={make} close={close} />}
    </Dialog>
  );
}

function Form(props: {
  make: (submit: FormEvent<HTMLFormElement>) => Promise<void>;
  close: () => void;
}): ReactNode {
  return (
    <form className={css.form} onSubmit={submit => void props.make(submit)}>
      <label>
        Name <input name="name" required maxLength={200} placeholder="build server" />
      </label>
      <label>
        Role{" "}
        <select name="role">
          {ROLES.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <label>
        Expires{" "}
        <select name="days" defaultValue="90">
          <option value="7">in a week</option>
          <option value="90">in 90 days</option>
          <option value="">never</option>
        </select>
      </label>
      <div className={css.line}>
        <Button type="submit" tone="good">
          Make it
        </Button>
        <Button tone="quiet" onClick={props.close}>
          Leave it
        </Button>
      </div>
    </form>
  );
}

function Made({ token, close }: { token: string; close: () => void }): ReactNode {
  return (
    <>
      <p>It is told this once; only its hash is kept.</p>
      <code className={css.token}>{token}</code>
      <div className={css.line}>
        <Button tone="good" onClick={() => void navigator.clipboard.writeText(token)}>
          Copy
        </Button>
        <Button tone="quiet" onClick={close}>
          Done
        </Button>
      </div>
    </>
  );
}

function bodyOf(form: FormData): { name: string; role: string; expires_at: string | null } {
  const days = String(form.get("days"));
  return {
    name: String(form.get("name")),
    role: String(form.get("role")),
    expires_at: days === "" ? null : new Date(Date.now() + Number(days) * DAY_MS).toISOString(),
  };
}
