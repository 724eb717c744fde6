import { Live } from "./live.js";
import { Problem, problemOf } from "./problem.js";

/** How to reach a server. */
export interface ClientOptions {
  /** Where the server is; empty for the page's own. */
  baseUrl?: string;
  /** A JWT or an API token; without it the browser's cookie speaks. */
  token?: string;
  /** The venture that calls are about; without it the token's only one, else `default`. */
  venture?: string;
  fetch?: typeof fetch;
  WebSocket?: typeof WebSocket;
}

/** What a query string is made of; what is undefined or null is left out. */
export type Params = Record<string, string | number | boolean | null | undefined>;

/**
 * Reads and writes over HTTP, and one live connection for all that is followed.
 *
 * @example
 * const client = new HoldfastClient({ baseUrl: "https://holdfast.example", token });
 * const page = await client.get<Page<Execution>>("/executions", { status: "running" });
 */
export class HoldfastClient {
  readonly live: Live;
  readonly venture: string | undefined;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions = {}) {
    this.#options = options;
    this.venture = options.venture;
    this.live = new Live({
      address: () => this.#liveAddress(),
      ...(options.WebSocket ? { WebSocket: options.WebSocket } : {}),
    });
  }

  /** Read something; the path is below `/api/v1`. */
  get<Answer>(path: string, params: Params = {}, signal?: AbortSignal): Promise<Answer> {
    return this.#ask<Answer>("GET", path, params, undefined, signal);
  }

  /** Do something; an idempotency key makes a repetition harmless. */
  post<Answer>(
    path: string,
    body: unknown = {},
    idempotencyKey: string = crypto.randomUUID(),
  ): Promise<Answer> {
    return this.#ask<Answer>("POST", path, {}, { body, idempotencyKey });
  }

  /** Take something away. */
  delete<Answer>(path: string): Promise<Answer> {
    return this.#ask<Answer>("DELETE", path, {});
  }

  async #ask<Answer>(
    method: string,
    path: string,
    params: Params,
    sent?: { body: unknown; idempotencyKey: string },
    signal?: AbortSignal,
  ): Promise<Answer> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (this.#options.token) headers.Authorization = `Bearer ${this.#options.token}`;
    if (sent) {
      headers["Content-Type"] = "application/json";
      headers["Idempotency-Key"] = sent.idempotencyKey;
    }
    const response = await this.#send(this.#address(path, params), {
      method,
      headers,
      credentials: "same-origin",
      ...(sent ? { body: JSON.stringify(sent.body) } : {}),
      ...(signal ? { signal } : {}),
    });
    if (!response.ok) throw await problemOf(response);
    return (response.status === 204 ? null : await response.json()) as Answer;
  }

  async #send(address: string, request: RequestInit): Promise<Response> {
    try {
      return await (this.#options.fetch ?? globalThis.fetch)(address, request);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw new Problem("The server does not answer.", { status: 0, hint: "Is `holdfast up` running?" });
    }
  }

  #address(path: string, params: Params): string {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries({ venture: this.venture, ...params }))
      if (value !== undefined && value !== null && value !== "") query.set(name, String(value));
    const text = query.size > 0 ? `?${query}` : "";
    return `${this.#options.baseUrl ?? ""}/api/v1${path}${text}`;
  }

  async #liveAddress(): Promise<string> {
    const { ticket } = await this.post<{ ticket: string }>("/tickets");
    const base = new URL(this.#address("/live", {}), globalThis.location?.href ?? this.#options.baseUrl);
    base.protocol = base.protocol === "https:" ? "wss:" : "ws:";
    base.searchParams.set("ticket", ticket);
    return base.href;
  }
}
