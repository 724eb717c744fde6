import { afterEach, beforeEach, expect, test } from "vitest";
import { fullJitter } from "../src/client/backoff.js";
import { HoldfastClient, Problem } from "../src/index.js";
import { SmallServer } from "./server.js";

let server: SmallServer;

beforeEach(async () => {
  server = await SmallServer.start();
});

afterEach(() => server.stop());

test("a refusal says the server's words, its code and the next step", async () => {
  const client = new HoldfastClient({ baseUrl: server.url });
  const problem = await client.get("/executions/7").catch((error: unknown) => error);
  expect(problem).toBeInstanceOf(Problem);
  expect(problem).toMatchObject({
    message: "There is no /executions/7.",
    code: "HF003",
    hint: "Check the id.",
    status: 404,
    isAway: false,
  });
});

test("a server that is not there is away, and the hint says what to start", async () => {
  const client = new HoldfastClient({ baseUrl: "http://127.0.0.1:9" });
  const problem = await client.get("/me").catch((error: unknown) => error);
  expect(problem).toMatchObject({ isAway: true, hint: "Is `holdfast up` running?" });
});

test("venture, token and parameters go with a request; what is not given does not", async () => {
  const asked: Request[] = [];
  const fetch = (address: string | URL | Request, request?: RequestInit) => {
    asked.push(new Request(address, request));
    return Promise.resolve(Response.json({ items: [], next: null }));
  };
  const client = new HoldfastClient({
    baseUrl: "https://hold.example",
    token: "hf_1_s",
    venture: "acme",
    fetch,
  });
  await client.get("/executions", { status: "running", agent: "", after: null });
  expect(asked[0]?.url).toBe("https://hold.example/api/v1/executions?venture=acme&status=running");
  expect(asked[0]?.headers.get("authorization")).toBe("Bearer hf_1_s");
});

test("each write has a key of its own, so that a repetition is harmless", async () => {
  const keys: (string | null)[] = [];
  const fetch = (address: string | URL | Request, request?: RequestInit) => {
    keys.push(new Request(address, request).headers.get("idempotency-key"));
    return Promise.resolve(new Response(null, { status: 204 }));
  };
  const client = new HoldfastClient({ baseUrl: "https://hold.example", fetch });
  await client.post("/questions/1/answer", { answer: true });
  await client.post("/questions/2/answer", { answer: true });
  expect(new Set(keys).size).toBe(2);
  expect(keys).not.toContain(null);
});

test("the wait before the next try is random, doubles, and has a bound", () => {
  expect(fullJitter(0, () => 0.999)).toBeLessThan(250);
  expect(fullJitter(3, () => 0.5)).toBe(1_000);
  expect(fullJitter(1_000, () => 0.999)).toBeLessThan(30_000);
  expect(fullJitter(5, () => 0)).toBe(0);
});
