import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { HoldfastEvent } from "../src/index.js";

const VENTURE = "0193-venture";

/** A frame as a client sends it. */
export interface Sent {
  type: string;
  id: string;
  since?: string | null;
  [name: string]: unknown;
}

/** A small server that keeps a feed: real sockets, the real protocol, and ways to break them. */
export class SmallServer {
  readonly feed: HoldfastEvent[] = [];
  readonly frames: Sent[] = [];
  readonly requests: string[] = [];
  readonly rows = new Map<string, unknown>();
  ticketsUsed = 0;
  isAway = false;
  #server: Server;
  #sockets: WebSocketServer;
  #following = new Map<WebSocket, Map<string, (event: HoldfastEvent) => boolean>>();

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#sockets = new WebSocketServer({ server: this.#server, handleProtocols: () => "holdfast.v1" });
    this.#sockets.on("connection", (socket, request) => this.#welcome(socket, request));
  }

  static async start(): Promise<SmallServer> {
    const server = new SmallServer();
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many clients are connected. */
  get connected(): number {
    return this.#sockets.clients.size;
  }

  /** Add an event to the feed, and tell who follows it. */
  emit(stream: string, subject: string, type: string, seq: number, data: Record<string, unknown> = {}): void {
    const event = eventOf(stream, subject, type, seq, data);
    this.feed.push(event);
    for (const [socket, subscriptions] of this.#following)
      for (const [id, wants] of subscriptions)
        if (wants(event)) this.#send(socket, { type: "event", id, cursor: String(this.feed.length), event });
  }

  /** Lose every connection, as a crash does. */
  drop(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
  }

  /** Close every connection with a code. */
  close(code: number, reason: string): void {
    for (const socket of this.#sockets.clients) socket.close(code, reason);
  }

  /** Say something to every client. */
  say(frame: Record<string, unknown>): void {
    for (const socket of this.#sockets.clients) this.#send(socket, frame);
  }

  async stop(): Promise<void> {
    this.drop();
    this.#server.closeAllConnections();
    await new Promise(done => this.#server.close(done));
  }

  #welcome(socket: WebSocket, request: IncomingMessage): void {
    if (!request.url?.includes(`ticket=t${this.ticketsUsed}`)) {
      socket.close(4001, "The ticket is used.");
      return;
    }
    this.#following.set(socket, new Map());
    this.#send(socket, { type: "hello", epoch: "e1", server_time: new Date().toISOString() });
    socket.on("message", text => this.#take(socket, JSON.parse(String(text)) as Sent));
    socket.on("close", () => this.#following.delete(socket));
  }

  #take(socket: WebSocket, frame: Sent): void {
    this.frames.push(frame);
    if (frame.type === "unsubscribe") this.#following.get(socket)?.delete(frame.id);
    if (frame.type !== "subscribe") return;
    const wants = (event: HoldfastEvent) =>
      frame.execution === undefined || frame.execution === event.subject;
    this.#following.get(socket)?.set(frame.id, wants);
    const from = typeof frame.since === "string" ? Number(frame.since) : this.feed.length;
    this.#send(socket, { type: "subscribed", id: frame.id, cursor: String(from) });
    this.feed.slice(from).forEach((event, at) => {
      if (wants(event))
        this.#send(socket, {
          type: "events",
          items: [{ id: frame.id, cursor: String(from + at + 1), event }],
        });
    });
    this.#send(socket, { type: "caught_up", id: frame.id, cursor: String(this.feed.length) });
  }

  #send(socket: WebSocket, frame: Record<string, unknown>): void {
    socket.send(JSON.stringify(frame));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url?.split("?")[0]?.replace("/api/v1", "") ?? "";
    this.requests.push(`${request.method} ${path}`);
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Allow-Headers", "*");
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    const [status, body] = this.#bodyOf(path);
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  }

  #bodyOf(path: string): [number, unknown] {
    if (this.isAway)
      return [
        503,
        {
          title: "Service Unavailable",
          detail: "The database does not answer.",
          hint: "Start it.",
          code: "HF000",
        },
      ];
    if (path === "/tickets") return [201, { ticket: `t${++this.ticketsUsed}`, expires_in: 30 }];
    if (this.rows.has(path)) return [200, this.rows.get(path)];
    return [
      404,
      { title: "Not Found", detail: `There is no ${path}.`, hint: "Check the id.", code: "HF003" },
    ];
  }
}

/** An event as the feed has it. */
export function eventOf(
  stream: string,
  subject: string,
  type: string,
  seq: number,
  data: Record<string, unknown> = {},
): HoldfastEvent {
  return {
    id: `${subject}:${seq}`,
    source: `/holdfast/${VENTURE}/${stream}`,
    type,
    subject,
    time: new Date().toISOString(),
    sequence: String(seq).padStart(19, "0"),
    data,
  };
}
