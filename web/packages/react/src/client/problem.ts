/**
 * A request that was refused or could not be made.
 *
 * @example
 * try { await client.post(`/questions/${id}/answer`, { answer: true }); }
 * catch (error) { if (error instanceof Problem) show(error.message, error.hint); }
 */
export class Problem extends Error {
  override readonly name = "Problem";
  /** Holdfast's own code of the refusal, for example `HF008`. */
  readonly code: string | undefined;
  /** The next step, for people. */
  readonly hint: string | undefined;
  /** The HTTP status; 0 where no answer came. */
  readonly status: number;

  constructor(
    message: string,
    about: { status: number; code?: string | undefined; hint?: string | undefined },
  ) {
    super(message);
    this.status = about.status;
    this.code = about.code;
    this.hint = about.hint;
  }

  /** Whether the server was not reached at all. */
  get isAway(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

/** The problem that a response says. */
export async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null);
  const said = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const text = (name: string) => (typeof said[name] === "string" ? (said[name] as string) : undefined);
  const message = text("detail") ?? text("title") ?? `The server answered ${response.status}.`;
  return new Problem(message, { status: response.status, code: text("code"), hint: text("hint") });
}
