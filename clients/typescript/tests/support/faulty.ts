/** A server for the faults that the real service cannot produce: proxies, cut connections, lost answers. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";

export interface Received {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

export type Answer = (request: Received, response: ServerResponse) => void;

const running = new Set<Server>();

afterEach(() => {
  for (const server of running) {
    server.closeAllConnections();
    server.close();
  }
  running.clear();
});

/** Serve: each request takes the next answer of its path, the last one for ever. Returns the address and all requests. */
export async function serve(answers: Record<string, Answer | Answer[]>): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const path = (request.url ?? "").split("?")[0] ?? "";
      const taken = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body: Buffer.concat(parts) };
      const earlier = received.filter((one) => one.path.split("?")[0] === path).length;
      received.push(taken);
      const ofPath = [answers[path] ?? json(404, problem("not-found", 404))].flat();
      ofPath[Math.min(earlier, ofPath.length - 1)]?.(taken, response);
    });
  });
  running.add(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return (_, response) => {
    const type = status < 400 ? "application/json" : "application/problem+json";
    response.writeHead(status, { "Content-Type": type, ...headers }).end(JSON.stringify(body));
  };
}

export function html(status: number, headers: Record<string, string> = {}): Answer {
  return (_, response) => response.writeHead(status, { "Content-Type": "text/html", ...headers }).end("<html><h1>nginx</h1></html>");
}

/** Cut the connection without an answer. */
export const cut: Answer = (_, response) => response.destroy();

export function problem(code: string, status: number): object {
  return { type: `/docs/problems/${code}`, title: `Title of ${code}`, status, detail: `Detail of ${code}`, code, request_id: "r-1", errors: [] };
}
