import { afterEach, beforeEach, expect, test, vi } from "vitest";
import WebSocket from "ws";
import { HoldfastClient, type HoldfastEvent } from "../src/index.js";
import { SmallServer } from "./server.js";

let server: SmallServer;
let client: HoldfastClient;

beforeEach(async () => {
  server = await SmallServer.start();
  client = new HoldfastClient({ baseUrl: server.url, WebSocket: WebSocket as never });
});

afterEach(async () => {
  client.live.close();
  await server.stop();
});

/** How often the connection was lost so far; it may be back before anybody looks. */
function losses(): () => number {
  let count = 0;
  let before = state();
  client.live.status.watch(() => {
    if (state() === "lost" && before !== "lost") count++;
    before = state();
  });
  return () => count;
}

const state = () => client.live.status.get().state;
const isLive = () => vi.waitFor(() => expect(state()).toBe("live"), { timeout: 5_000, interval: 5 });

/** Follows everything; the answer is what came, in order. */
function follow(filter = {}): string[] {
  const seen: string[] = [];
  client.live.subscribe(filter, {
    onReady: () => seen.push("ready"),
    onEvent: (event: HoldfastEvent) => seen.push(event.id),
    onReset: reason => seen.push(`reset: ${reason}`),
    onError: message => seen.push(`error: ${message}`),
  });
  return seen;
}

test("a subscriber is told when to read, then every event in order", async () => {
  const seen = follow();
  await isLive();
  server.emit("execution", "run-1", "execution.started", 1);
  server.emit("execution", "run-1", "execution.progressed", 2);
  await vi.waitFor(() => expect(seen).toEqual(["ready", "run-1:1", "run-1:2"]));
});

test("events that come while the connection is away are delivered after it, each once", async () => {
  const seen = follow();
  await isLive();
  server.emit("execution", "run-1", "execution.started", 1);
  await vi.waitFor(() => expect(seen).toContain("run-1:1"));
  const lost = losses();
  server.drop();
  server.emit("execution", "run-1", "execution.progressed", 2);
  await vi.waitFor(() => expect(lost()).toBeGreaterThan(0));
  server.emit("execution", "run-1", "execution.completed", 3);
  await isLive();
  server.emit("execution", "run-2", "execution.started", 1);
  await vi.waitFor(() => expect(seen).toEqual(["ready", "run-1:1", "run-1:2", "run-1:3", "run-2:1"]));
});

test("each connection takes a ticket of its own", async () => {
  follow();
  await isLive();
  const lost = losses();
  server.drop();
  await vi.waitFor(() => expect(lost()).toBeGreaterThan(0));
  await isLive();
  expect(server.ticketsUsed).toBe(2);
});

test("it says that it is lost, and why, while the server refuses", async () => {
  server.isAway = true;
  follow();
  await vi.waitFor(() => expect(client.live.status.get().failures).toBeGreaterThan(1), { timeout: 5_000 });
  expect(client.live.status.get()).toMatchObject({ state: "lost", reason: "The database does not answer." });
  server.isAway = false;
  client.live.reconnect();
  await isLive();
  expect(client.live.status.get().failures).toBe(0);
});

test("who may not follow does not try again", async () => {
  follow();
  await isLive();
  server.close(4003, "You are no member of acme.");
  await vi.waitFor(() => expect(state()).toBe("lost"));
  expect(client.live.status.get()).toMatchObject({ reason: "You are no member of acme.", retryAt: null });
});

test("a reset is told with its reason, and the feed goes on from there", async () => {
  const seen = follow();
  await isLive();
  server.say({ type: "reset", id: "s1", reason: "below the floor", cursor: "0" });
  server.emit("plan", "plan-1", "plan.created", 1);
  await vi.waitFor(() => expect(seen).toEqual(["ready", "reset: below the floor", "plan-1:1"]));
});

test("a refusal of the server reaches its subscriber", async () => {
  const seen = follow();
  await isLive();
  server.say({ type: "error", id: "s1", code: "HF003", message: "There is no plan 7." });
  await vi.waitFor(() => expect(seen).toContain("error: There is no plan 7."));
});

test("a ping is answered, and what is no frame is passed over", async () => {
  const seen = follow();
  await isLive();
  server.say({ type: "ping" });
  server.say({ nothing: true });
  server.say({ type: "of the future" });
  await vi.waitFor(() => expect(server.frames.map(frame => frame.type)).toContain("pong"));
  expect(seen).toEqual(["ready"]);
});

test("several subscriptions share one connection, and it ends after the last", async () => {
  const ends = [client.live.subscribe({ execution: "run-1" }, {}), client.live.subscribe({ plan: "p" }, {})];
  await isLive();
  expect(server.connected).toBe(1);
  for (const end of ends) end();
  await vi.waitFor(() => expect(server.connected).toBe(0), { timeout: 5_000 });
  expect(state()).toBe("idle");
});

test("who follows the same shares a subscription, and who comes later is told to read too", async () => {
  const first = follow({ execution: "run-1" });
  await isLive();
  const second = follow({ execution: "run-1" });
  await vi.waitFor(() => expect(second).toEqual(["ready"]));
  server.emit("execution", "run-1", "execution.started", 1);
  await vi.waitFor(() => expect(second).toEqual(["ready", "run-1:1"]));
  expect(first).toEqual(["ready", "run-1:1"]);
  expect(server.frames.filter(frame => frame.type === "subscribe")).toHaveLength(1);
});

test("a subscription sends its filter as the protocol has it", async () => {
  client.live.subscribe({ venture: "acme", kinds: ["plan"] }, {});
  await isLive();
  expect(server.frames[0]).toEqual({
    type: "subscribe",
    id: "s1",
    venture: "acme",
    kinds: ["plan"],
    since: null,
  });
});
