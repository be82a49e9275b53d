import { describe, expect, test } from "vitest";

import { ApiProblem, Client, isBatch, NoSession, type BatchState, type Connection, type State } from "../src/index.ts";
import { parseMessage } from "../src/live/messages.ts";
import { eventsOf } from "../src/live/sources.ts";
import { applyMessage, progressOf } from "../src/live/state.ts";
import { json, problem, serve, type Answer } from "./support/faulty.ts";

const JOB = "job_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42";
const EVENTS = `/api/v1/jobs/${JOB}/events`;
const AT_40 = { status: "processing", progress: 40, stage: "encrypting", result_url: null, error: null } as const;
const snapshot = (seq: number, payload: object = AT_40) => ({ type: "snapshot", job_id: JOB, seq, payload });
const progress = (seq: number, percent: number) => ({ type: "progress", job_id: JOB, seq, payload: { progress: percent, stage: "encrypting" } });
const completed = (seq: number) => ({ type: "completed", job_id: JOB, seq, payload: { result_url: "/r" } });

/** An event stream; it stays open, or is cut. */
function stream(messages: object[], { end }: { end: boolean }): Answer {
  return (_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(": nothing yet\n\n");
    for (const message of messages) response.write(`event: x\nid: 1\ndata: ${JSON.stringify(message)}\n\n`);
    if (end) response.end();
  };
}

async function watch(url: string): Promise<{ state: State | null; seen: unknown[]; connections: Connection[] }> {
  const seen: unknown[] = [];
  const connections: Connection[] = [];
  const state = await new Client({ session: new NoSession({ url }) }).follow(JOB, {
    onEvent: (message, now) => seen.push([message.type, progressOf(now).progress, now.status]),
    onConnection: (connection) => connections.push(connection),
  });
  return { state, seen, connections };
}

describe("follow", () => {
  test("tells nothing twice: events before the snapshot are left out", async () => {
    const { url } = await serve({ [EVENTS]: stream([snapshot(2), progress(1, 0), progress(2, 40), progress(3, 70), completed(4)], { end: false }) });
    const { state, seen, connections } = await watch(url);
    expect(seen).toEqual([["snapshot", 40, "processing"], ["progress", 70, "processing"], ["completed", 100, "completed"]]);
    expect(state).toMatchObject({ status: "completed", progress: 100, result_url: "/r" });
    expect(connections).toEqual(["connecting", "live"]);
  });

  test("after a cut it asks, and reconnects with the last number", async () => {
    const later = { ...AT_40, progress: 60 };
    const { url, received } = await serve({
      [EVENTS]: [stream([snapshot(2)], { end: true }), stream([snapshot(3, later), completed(4)], { end: false })],
      [`/api/v1/jobs/${JOB}`]: json(200, { job_id: JOB, ...later }),
    });
    const { seen, connections } = await watch(url);
    expect(connections).toEqual(["connecting", "live", "reconnecting", "live"]);
    expect(seen).toEqual([["snapshot", 40, "processing"], ["snapshot", 60, "processing"], ["snapshot", 60, "processing"], ["completed", 100, "completed"]]);
    expect(received.map(({ path }) => path).filter((path) => path.includes("last_seq"))).toEqual([`${EVENTS}?last_seq=0`, `${EVENTS}?last_seq=2`]);
  }, 20_000);

  test("where no stream works, asking finds the end", async () => {
    const ended = { job_id: JOB, ...AT_40, status: "failed", error: { code: "image-corrupt", title: "t", detail: null } };
    const { url } = await serve({ [EVENTS]: json(503, problem("unavailable", 503), { "Retry-After": "99" }), [`/api/v1/jobs/${JOB}`]: json(200, ended) });
    const { state } = await watch(url);
    expect(state).toMatchObject({ status: "failed", error: { code: "image-corrupt" } });
  });

  test("an object that is not there is thrown", async () => {
    const { url } = await serve({});
    await expect(watch(url)).rejects.toBeInstanceOf(ApiProblem);
  });

  test("an abort is no error", async () => {
    const { url } = await serve({ [EVENTS]: stream([snapshot(1)], { end: false }) });
    const stop = new AbortController();
    const state = await new Client({ session: new NoSession({ url }) }).follow(JOB, { signal: stop.signal, onEvent: () => { stop.abort(); } });
    expect(state).toBeNull();
  });
});

describe("applyMessage", () => {
  const item = { index: 0, job_id: JOB, status: "processing", progress: 40, stage: "encrypting", seq: 3, error: null } as const;
  const refused = { index: 1, job_id: null, status: "failed", progress: 0, stage: "queued", seq: 0, error: null } as const;
  const counts = { total: 2, pending: 0, processing: 1, completed: 0, failed: 1, cancelled: 0 };
  const batch: BatchState = { status: "processing", counts, result_url: null, items: [item, refused] };

  test("moves the item of a batch on, and nothing backwards", () => {
    const moved = applyMessage(batch, { type: "progress", job_id: JOB, batch_id: "bat_1", seq: 4, payload: { progress: 80, stage: "storing" } });
    const same = applyMessage(batch, { type: "progress", job_id: JOB, batch_id: "bat_1", seq: 3, payload: { progress: 0, stage: "queued" } });
    expect(moved !== null && isBatch(moved) && moved.items[0]).toEqual({ ...item, progress: 80, stage: "storing", seq: 4 });
    expect(same).toEqual(batch);
    expect(moved && progressOf(moved)).toEqual({ stage: "processing", progress: 90 });
  });

  test("ends a batch with its counts", () => {
    const payload = { status: "completed", counts: { ...counts, processing: 0, completed: 1 }, result_url: "/z" } as const;
    expect(applyMessage(batch, { type: "completed", batch_id: "bat_1", payload })).toEqual({ ...batch, ...payload });
  });

  test("knows nothing before a snapshot", () => {
    expect(applyMessage(null, { type: "cancelled", job_id: JOB, seq: 1, payload: {} })).toBeNull();
  });
});

test("parseMessage takes nothing that is no message", () => {
  for (const text of ["", "null", "[]", '{"type":"progress"}', '{"type":"new","job_id":"a","seq":1,"payload":{}}', '{"type":"progress","job_id":"a","seq":"1","payload":{}}']) {
    expect(parseMessage(text)).toBeNull();
  }
});

test("eventsOf reads events in any pieces", async () => {
  const bytes = new TextEncoder().encode('data: {"a":\r\ndata: "ä"}\r\n\r\n: beat\n\nid: 1\ndata: 2\n\n');
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
      controller.close();
    },
  });
  const events: string[] = [];
  for await (const event of eventsOf(body)) events.push(event);
  expect(events).toEqual(['{"a":\n"ä"}', "", "2"]);
});
