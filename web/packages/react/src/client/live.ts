import { fullJitter } from "./backoff.js";
import { eventsOf, type Frame, frameOf } from "./frames.js";
import { Store } from "./store.js";
import type { Filter, HoldfastEvent } from "./types.js";

const PROTOCOL = "holdfast.v1";
/** The server pings every 25 s; a connection that is silent for longer than this is dead. */
const SILENCE_MS = 35_000;
const KEPT_MS = 1_000;
/** Refused for good: the next try would be refused too. */
const FINAL_CODES: ReadonlySet<number> = new Set([4003]);

/** How the live connection stands. */
export interface LiveStatus {
  state: "idle" | "connecting" | "catching_up" | "live" | "lost";
  /** Since when it is so, in milliseconds of the clock. */
  since: number;
  /** How many events came while catching up. */
  behind: number;
  /** How long the newest event took from its commit to here; null before the first. */
  latencyMs: number | null;
  /** How many tries have failed since it was live. */
  failures: number;
  /** When the next try begins; null where none is planned. */
  retryAt: number | null;
  /** Why it was refused, in the server's words. */
  reason: string | null;
}

/** What a subscriber is told. */
export interface Listener {
  onEvent?(event: HoldfastEvent): void;
  /** Everything up to now is known to be delivered after this; read the state now, apply what comes later. */
  onReady?(): void;
  /** The feed cannot go on without a gap: read the state anew. */
  onReset?(reason: string, state: unknown): void;
  onError?(message: string, code: string): void;
}

interface Subscription {
  filter: Filter;
  listeners: Set<Listener>;
  isReady: boolean;
  cursor: string | null;
  isCaughtUp: boolean;
}

/** What the connection needs from outside. */
export interface LiveOptions {
  /** The address to connect to, with a ticket that is good for one connection. */
  address(): Promise<string>;
  WebSocket?: typeof WebSocket;
  random?: () => number;
}

const IDLE: LiveStatus = {
  state: "idle",
  since: 0,
  behind: 0,
  latencyMs: null,
  failures: 0,
  retryAt: null,
  reason: null,
};

/**
 * One WebSocket that carries many subscriptions. When it is lost it comes back by itself, and each subscription goes on
 * from its last cursor: no event is missed, none comes twice.
 */
export class Live {
  readonly status = new Store<LiveStatus>(IDLE);
  readonly #options: LiveOptions;
  readonly #subscriptions = new Map<string, Subscription>();
  #socket: WebSocket | null = null;
  #isOpening = false;
  #count = 0;
  /** Since when nothing is known to be fresh, over all tries; null while it is live. */
  #lostSince: number | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  readonly #networkLost = () => {
    const socket = this.#socket;
    if (socket === null) return;
    this.#socket = null;
    socket.close();
    this.#tryLater("The network is away.");
  };
  readonly #networkBack = () => {
    if (this.status.get().state === "lost") this.reconnect();
  };

  /** Follow what a filter names; the answer ends it. Who follows the same shares one subscription of the server's. */
  subscribe(filter: Filter, listener: Listener): () => void {
    const [id, subscription] = this.#find(filter) ?? this.#begin(filter);
    subscription.listeners.add(listener);
    if (subscription.isReady)
      queueMicrotask(() => subscription.listeners.has(listener) && listener.onReady?.());
    return () => this.#leave(id, subscription, listener);
  }

  #find(filter: Filter): [string, Subscription] | undefined {
    const wanted = JSON.stringify(filter);
    return [...this.#subscriptions].find(([, { filter: followed }]) => JSON.stringify(followed) === wanted);
  }

  #begin(filter: Filter): [string, Subscription] {
    const id = `s${++this.#count}`;
    const subscription: Subscription = {
      filter,
      listeners: new Set(),
      cursor: null,
      isCaughtUp: false,
      isReady: false,
    };
    if (this.#subscriptions.size === 0) this.#hearNetwork(true);
    this.#subscriptions.set(id, subscription);
    if (this.#socket?.readyState === 1) this.#sendSubscribe(id);
    else void this.#open();
    return [id, subscription];
  }

  /** Try again now, without waiting for the next try's time. */
  reconnect(): void {
    clearTimeout(this.#retry);
    if (this.#socket === null) void this.#open();
  }

  /** End the connection; subscribing again opens it anew. */
  close(): void {
    this.#subscriptions.clear();
    this.#hangUp(IDLE.state);
  }

  #leave(id: string, subscription: Subscription, listener: Listener): void {
    subscription.listeners.delete(listener);
    // A component that is drawn again subscribes at once: the subscription is kept for it.
    setTimeout(() => subscription.listeners.size === 0 && this.#unsubscribe(id), KEPT_MS);
  }

  #unsubscribe(id: string): void {
    if (!this.#subscriptions.delete(id)) return;
    this.#send({ type: "unsubscribe", id });
    if (this.#subscriptions.size === 0) this.#hangUp("idle");
  }

  async #open(): Promise<void> {
    if (this.#isOpening || this.#socket !== null) return;
    this.#isOpening = true;
    clearTimeout(this.#retry);
    if (this.status.get().state === "idle") this.#be({ state: "connecting" });
    try {
      const address = await this.#options.address();
      if (this.#subscriptions.size > 0) this.#listen(address);
    } catch (error) {
      this.#tryLater(error instanceof Error ? error.message : String(error));
    } finally {
      this.#isOpening = false;
    }
  }

  #listen(address: string): void {
    const socket = new (this.#options.WebSocket ?? WebSocket)(address, [PROTOCOL]);
    this.#socket = socket;
    socket.onopen = () => {
      this.#heard();
      for (const id of this.#subscriptions.keys()) this.#sendSubscribe(id);
    };
    socket.onmessage = message => {
      this.#heard();
      const frame = frameOf(message.data);
      if (frame !== null) this.#take(frame);
    };
    // What failed is told by the close that follows.
    socket.onerror = () => undefined;
    socket.onclose = closed => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      if (FINAL_CODES.has(closed.code)) this.#be({ state: "lost", reason: closed.reason, retryAt: null });
      else this.#tryLater(closed.reason || null);
    };
  }

  #take(frame: Frame): void {
    if (frame.type === "ping") this.#send({ type: "pong" });
    for (const { id, cursor, event } of eventsOf(frame)) this.#deliver(id, cursor, event);
    if (!("id" in frame) || frame.id === undefined) return;
    const subscription = this.#subscriptions.get(frame.id);
    if (subscription === undefined) return;
    if (frame.type === "subscribed") this.#subscribed(subscription, frame.cursor);
    else if (frame.type === "caught_up") this.#caughtUp(subscription, frame.cursor);
    else if (frame.type === "reset") {
      subscription.cursor = frame.cursor;
      for (const each of subscription.listeners) each.onReset?.(frame.reason, frame.state);
      this.#caughtUp(subscription, frame.cursor);
    } else if (frame.type === "error")
      for (const each of subscription.listeners) each.onError?.(frame.message, frame.code);
  }

  #subscribed(subscription: Subscription, cursor: string): void {
    const isFirst = subscription.cursor === null;
    subscription.cursor ??= cursor;
    if (!isFirst) return;
    subscription.isReady = true;
    for (const each of subscription.listeners) each.onReady?.();
    this.#caughtUp(subscription, cursor);
  }

  #caughtUp(subscription: Subscription, cursor: string): void {
    subscription.cursor = cursor;
    subscription.isCaughtUp = true;
    const all = [...this.#subscriptions.values()].every(each => each.isCaughtUp);
    if (!all || this.status.get().state === "live") return;
    this.#lostSince = null;
    this.#be({ state: "live", behind: 0, failures: 0, reason: null, retryAt: null });
  }

  #deliver(id: string, cursor: string | null, event: HoldfastEvent): void {
    const subscription = this.#subscriptions.get(id);
    if (subscription === undefined) return;
    subscription.cursor = cursor ?? subscription.cursor;
    const { state, behind } = this.status.get();
    if (state === "live") this.#timed(event);
    else this.#be({ behind: behind + 1 });
    for (const each of subscription.listeners) each.onEvent?.(event);
  }

  #timed(event: HoldfastEvent): void {
    const took = Math.max(0, Date.now() - Date.parse(event.time));
    if (Number.isFinite(took)) this.status.set({ ...this.status.get(), latencyMs: took });
  }

  #sendSubscribe(id: string): void {
    const subscription = this.#subscriptions.get(id);
    if (subscription === undefined) return;
    subscription.isCaughtUp = false;
    if (subscription.cursor !== null) this.#be({ state: "catching_up" });
    this.#send({ type: "subscribe", id, ...subscription.filter, since: subscription.cursor });
  }

  #tryLater(reason: string | null): void {
    clearTimeout(this.#silence);
    const failures = this.status.get().failures + 1;
    const wait = fullJitter(failures - 1, this.#options.random);
    this.#lose({ failures, reason, retryAt: Date.now() + wait, behind: 0 });
    this.#retry = setTimeout(() => void this.#open(), wait);
  }

  #heard(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      const socket = this.#socket;
      this.#socket = null;
      socket?.close();
      this.#tryLater("The server fell silent.");
    }, SILENCE_MS);
  }

  /** A browser knows before any time-out that the network went, or that a person is back at the page. */
  #hearNetwork(does: boolean): void {
    const change = does ? globalThis.addEventListener : globalThis.removeEventListener;
    change?.call(globalThis, "offline", this.#networkLost);
    change?.call(globalThis, "online", this.#networkBack);
    change?.call(globalThis, "focus", this.#networkBack);
  }

  #hangUp(state: LiveStatus["state"]): void {
    this.#hearNetwork(false);
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
    this.#be({ state, failures: 0, retryAt: null });
  }

  #send(frame: Record<string, unknown>): void {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  #lose(change: Partial<LiveStatus>): void {
    this.#lostSince ??= Date.now();
    this.#be({ ...change, state: "lost", since: this.#lostSince });
  }

  #be(change: Partial<LiveStatus>): void {
    const before = this.status.get();
    const isMove = change.state !== undefined && change.state !== before.state;
    this.status.set({ ...before, since: isMove ? Date.now() : before.since, ...change });
  }
}
