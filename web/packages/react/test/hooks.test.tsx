// @vitest-environment happy-dom
import { cleanup, render, renderHook, screen, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test } from "vitest";
import WebSocket from "ws";
import {
  AIProgressCard,
  HoldfastClient,
  HoldfastProvider,
  useAgentExecutionStatus,
  useProgressTracking,
  useWebSocketConnection,
} from "../src/index.js";
import { quarter, runningExecution } from "./rows.js";
import { SmallServer } from "./server.js";

let server: SmallServer;
let client: HoldfastClient;

beforeEach(async () => {
  server = await SmallServer.start();
  client = new HoldfastClient({ baseUrl: server.url, WebSocket: WebSocket as never });
  server.rows.set("/executions/run-1", runningExecution());
  server.rows.set("/executions/run-1/progress", quarter());
});

afterEach(async () => {
  cleanup();
  client.live.close();
  await server.stop();
});

const wrapper = ({ children }: { children: ReactNode }) => (
  <HoldfastProvider client={client}>{children}</HoldfastProvider>
);
const readsOf = (path: string) => server.requests.filter(request => request === `GET ${path}`).length;

test("useAgentExecutionStatus reads the run, then follows its events", async () => {
  const { result } = renderHook(() => useAgentExecutionStatus("run-1"), { wrapper });
  expect(result.current).toMatchObject({ execution: null, isLoading: true });
  await waitFor(() => expect(result.current).toMatchObject({ isLive: true, isLoading: false }));
  server.emit("execution", "run-1", "execution.progressed", 4, {
    activity: "writing",
    progress: 50,
    completed_steps: 2,
  });
  await waitFor(() =>
    expect(result.current.execution).toMatchObject({ current_activity: "writing", progress: 50, seq: 4 }),
  );
});

test("an event that does not say everything has the run read anew", async () => {
  const { result } = renderHook(() => useAgentExecutionStatus("run-1"), { wrapper });
  await waitFor(() => expect(result.current.isLive && result.current.execution !== null).toBe(true));
  server.rows.set("/executions/run-1", runningExecution({ status: "completed", seq: 4 }));
  server.emit("execution", "run-1", "execution.completed", 4);
  await waitFor(() => expect(result.current.execution?.status).toBe("completed"));
});

test("an event that the run has seen already changes nothing", async () => {
  const { result } = renderHook(() => useAgentExecutionStatus("run-1"), { wrapper });
  await waitFor(() => expect(result.current.isLive && result.current.execution !== null).toBe(true));
  server.emit("execution", "run-1", "execution.progressed", 3, { activity: "long ago" });
  server.emit("execution", "run-1", "execution.progressed", 4, { activity: "now" });
  await waitFor(() => expect(result.current.execution?.current_activity).toBe("now"));
  expect(result.current.execution?.seq).toBe(4);
});

test("a loss of the connection is seen, and what came meanwhile is applied", async () => {
  const { result } = renderHook(() => useAgentExecutionStatus("run-1"), { wrapper });
  await waitFor(() => expect(result.current.isLive && result.current.execution !== null).toBe(true));
  const seen: boolean[] = [];
  client.live.status.watch(() => seen.push(client.live.status.get().state === "live"));
  server.drop();
  await waitFor(() => expect(seen).toContain(false));
  server.emit("execution", "run-1", "execution.progressed", 4, { activity: "meanwhile" });
  await waitFor(() => expect(result.current.execution?.current_activity).toBe("meanwhile"));
});

test("an unknown run gives the server's refusal", async () => {
  const { result } = renderHook(() => useAgentExecutionStatus("nobody"), { wrapper });
  await waitFor(() => expect(result.current.error?.code).toBe("HF003"));
  expect(result.current.isLoading).toBe(false);
});

test("a run that could not be read because the server was away is read when it is back", async () => {
  server.isAway = true;
  const { result } = renderHook(() => useAgentExecutionStatus("run-1"), { wrapper });
  await waitFor(() => expect(result.current.error?.isAway).toBe(true));
  server.isAway = false;
  await waitFor(() => expect(result.current.execution?.id).toBe("run-1"), { timeout: 5_000 });
});

test("useProgressTracking reads again when the run gets on", async () => {
  const { result } = renderHook(() => useProgressTracking({ execution: "run-1" }), { wrapper });
  await waitFor(() => expect(result.current.progress?.percent).toBe(25));
  server.rows.set("/executions/run-1/progress", quarter({ percent: 50 }));
  await waitFor(() => expect(client.live.status.get().state).toBe("live"));
  server.emit("execution", "run-1", "execution.progressed", 4);
  await waitFor(() => expect(result.current.progress?.percent).toBe(50), { timeout: 3_000 });
});

test("useProgressTracking does not read once per event", async () => {
  const { result } = renderHook(() => useProgressTracking({ execution: "run-1" }), { wrapper });
  await waitFor(() => expect(result.current.progress).not.toBeNull());
  await waitFor(() => expect(client.live.status.get().state).toBe("live"));
  server.rows.set("/executions/run-1/progress", quarter({ percent: 99 }));
  for (let seq = 4; seq < 104; seq++) server.emit("execution", "run-1", "execution.progressed", seq);
  await waitFor(() => expect(result.current.progress?.percent).toBe(99), { timeout: 3_000 });
  expect(readsOf("/executions/run-1/progress")).toBeLessThan(6);
});

test("useWebSocketConnection says how it stands and tries again on request", async () => {
  const { result } = renderHook(
    () => {
      useAgentExecutionStatus("run-1");
      return useWebSocketConnection();
    },
    { wrapper },
  );
  await waitFor(() => expect(result.current.isLive).toBe(true));
  server.isAway = true;
  server.drop();
  await waitFor(() => expect(result.current.failures).toBeGreaterThan(1), { timeout: 5_000 });
  server.isAway = false;
  result.current.reconnect();
  await waitFor(() => expect(result.current.isLive).toBe(true));
});

test("a browser that says the network is away is believed, and one that says it is back tries at once", async () => {
  const { result } = renderHook(() => useAgentExecutionStatus("run-1"), { wrapper });
  await waitFor(() => expect(result.current.isLive).toBe(true));
  server.isAway = true;
  window.dispatchEvent(new Event("offline"));
  await waitFor(() => expect(client.live.status.get().failures).toBeGreaterThan(1), { timeout: 5_000 });
  server.isAway = false;
  window.dispatchEvent(new Event("online"));
  await waitFor(() => expect(result.current.isLive).toBe(true), { timeout: 5_000 });
});

test("AIProgressCard shows what the run does, how far it is and how long it will take", async () => {
  render(<AIProgressCard executionId="run-1" />, { wrapper });
  await screen.findByText("about 4–7 min");
  expect(screen.getByText("Write the parser")).toBeTruthy();
  expect(screen.getByText("reading")).toBeTruthy();
  expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("25");
  expect(screen.getByRole("img", { name: "running" })).toBeTruthy();
});

test("AIProgressCard says what to do where the run cannot be read", async () => {
  render(<AIProgressCard executionId="nobody" />, { wrapper });
  expect((await screen.findByRole("alert")).textContent).toBe(
    "There is no /executions/nobody. Check the id.",
  );
});

test("a hook outside of a provider says what to put around it", () => {
  expect(() => renderHook(() => useWebSocketConnection())).toThrow(
    "put <HoldfastProvider client={…}> around this",
  );
});

test("two providers share nothing", async () => {
  const other = new HoldfastClient({ baseUrl: server.url, WebSocket: WebSocket as never });
  const { result } = renderHook(() => useAgentExecutionStatus("run-1"), { wrapper });
  await waitFor(() => expect(result.current.isLive).toBe(true));
  expect(other.live.status.get().state).toBe("idle");
});
