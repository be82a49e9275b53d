/** Where messages come from: a socket in browsers, an event stream in programs. Both end with a reason. */

import { Silence } from "../api/delays.ts";
import { isPassing } from "../api/failures.ts";
import { ApiProblem } from "../api/problem.ts";
import { dataOf, type Transport } from "../api/transport.ts";
import { parseMessage, type Message } from "./messages.ts";

/** Why a source ended: `done` if nothing more will come, `refused` if it never will be there. */
export type Ending = "done" | "cut" | "refused";

export interface Wanted {
  id: string;
  last_seq: number;
  signal: AbortSignal;
  receive: (message: Message) => void;
}

export type Source = (transport: Transport, wanted: Wanted) => Promise<Ending>;

const HANDSHAKE_MILLISECONDS = 8_000;
/** Sockets and streams are closed after an hour. */
const STREAM_MILLISECONDS = 4_000_000;

/** Return the best source for a job or batch here; null if there is none but to ask again and again. */
export function sourceOf(id: string): Source | null {
  // Tickets are for pages: a program has no origin, and Node 20 no WebSocket.
  if (typeof document !== "undefined" && typeof WebSocket !== "undefined") return readSocket;
  return id.startsWith("job_") ? readStream : null;
}

async function readSocket(transport: Transport, wanted: Wanted): Promise<Ending> {
  const ticket = await getTicket(transport, wanted);
  if (ticket === null) return "refused";
  const url = new URL(`${transport.session.url}/ws/progress/${wanted.id}`);
  url.protocol = url.protocol.replace("http", "ws");
  url.search = new URLSearchParams({ last_seq: String(wanted.last_seq), ticket }).toString();
  return listen(new WebSocket(url), wanted);
}

async function getTicket(transport: Transport, { id, signal }: Wanted): Promise<string | null> {
  const body = id.startsWith("job_") ? { job_id: id } : { batch_id: id };
  try {
    return (await dataOf(transport.api.POST("/api/v1/ws-tickets", { body, signal }), signal)).ticket;
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 403) return null;
    throw error;
  }
}

function listen(socket: WebSocket, { signal, receive }: Wanted): Promise<Ending> {
  return new Promise((resolve) => {
    const close = () => { socket.close(); finish("cut"); };
    const handshake = new Silence(HANDSHAKE_MILLISECONDS, close);
    const finish = (ending: Ending) => {
      handshake.end();
      signal.removeEventListener("abort", close);
      socket.onmessage = socket.onclose = null;
      resolve(ending);
    };
    handshake.begin();
    if (signal.aborted) { close(); return; }
    signal.addEventListener("abort", close, { once: true });
    socket.onmessage = ({ data }) => {
      handshake.end();
      const message = typeof data === "string" ? parseMessage(data) : null;
      if (message !== null) receive(message);
    };
    socket.onclose = ({ code }) => { finish(code === 1000 ? "done" : "cut"); };
  });
}

async function readStream(transport: Transport, { id, last_seq, signal, receive }: Wanted): Promise<Ending> {
  const path = `/api/v1/jobs/${encodeURIComponent(id)}/events?last_seq=${last_seq}`;
  const headers = { Accept: "text/event-stream" };
  const answer = await transport.send({ method: "GET", path, headers, signal, timeout: STREAM_MILLISECONDS });
  if (answer.status === 204 || answer.body === null) return "done";
  try {
    for await (const data of eventsOf(answer.body)) {
      const message = parseMessage(data);
      if (message !== null) receive(message);
      if (signal.aborted) break;
    }
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof DOMException || isPassing(error))) throw error;
  }
  return "cut";
}

const MAX_EVENT_CHARACTERS = 1_000_000;

/** Read the data of server-sent events. */
export async function* eventsOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      const events = (text + decoder.decode(value, { stream: true })).replaceAll("\r\n", "\n").split("\n\n");
      text = events.pop() ?? "";
      if (text.length > MAX_EVENT_CHARACTERS) return;
      for (const event of events) yield dataOfEvent(event);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function dataOfEvent(event: string): string {
  const lines = event.split("\n").filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice(5).replace(/^ /, "")).join("\n");
}
