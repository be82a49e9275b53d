import { describe, expect, onTestFinished, test } from "vitest";

import { ApiProblem, Client, NoSession, Offline, SignedOut, TokenSession, UnexpectedAnswer } from "../src/index.ts";
import { cut, html, json, problem, serve, type Answer } from "./support/faulty.ts";

const JOB = "job_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42";
const PICTURE = new File(["bytes of a picture"], "scan 1.png");

function guest(url: string): Client {
  return new Client({ session: new NoSession({ url }) });
}

function holder(url: string): Client {
  return new Client({ session: new TokenSession({ url, token: "given" }) });
}

function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => expect.unreachable("nothing failed"), (error: unknown) => error);
}

test("a browser without Request.body, such as Firefox, sends the same", async () => {
  const given = Object.getOwnPropertyDescriptor(Request.prototype, "body") ?? {};
  Object.defineProperty(Request.prototype, "body", { configurable: true, get: () => undefined });
  onTestFinished(() => { Object.defineProperty(Request.prototype, "body", given); });
  const { url } = await serve({ "/api/v1/jobs": json(200, { data: [], has_more: false, next_cursor: null }) });
  expect(await holder(url).jobs.list()).toMatchObject({ data: [] });
});

test("the chosen account is in every request, and in none without one", async () => {
  const seen: unknown[] = [];
  const note: Answer = (request, response) => {
    seen.push(request.headers["x-account"]);
    json(200, { data: [], has_more: false, next_cursor: null })(request, response);
  };
  const { url } = await serve({ "/api/v1/jobs": note });
  const client = holder(url);
  await client.jobs.list();
  client.account = "acc_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42";
  await client.jobs.list();
  expect(seen).toEqual([undefined, "acc_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"]);
});

describe("refusals", () => {
  test("a problem keeps what the service said", async () => {
    const { url } = await serve({ "/api/v1/jobs": json(429, problem("rate-limited", 429), { "Retry-After": "17" }) });
    const error = await failureOf(holder(url).jobs.list());
    expect(error).toBeInstanceOf(ApiProblem);
    expect(error).toMatchObject({ code: "rate-limited", status: 429, retryAfter: 17, request_id: "r-1", message: "Detail of rate-limited" });
  });

  test("a proxy's page becomes a sentence that says what to do", async () => {
    const { url } = await serve({ "/api/v1/encrypt": html(413) });
    const error = await failureOf(guest(url).encrypt(PICTURE).accepted);
    expect(error).toBeInstanceOf(UnexpectedAnswer);
    expect(error).toMatchObject({ status: 413, message: expect.stringContaining("files of this size") as string });
  });

  test("JSON that is no problem, and a redirect, are no answers of the service", async () => {
    const moved: Answer = (_, response) => response.writeHead(302, { Location: "/elsewhere" }).end();
    const { url } = await serve({ "/api/v1/jobs": json(500, { message: "no" }), "/api/v1/batches": moved });
    expect(await failureOf(guest(url).jobs.list())).toMatchObject({ name: "UnexpectedAnswer", status: 500 });
    expect(await failureOf(guest(url).batches.list())).toMatchObject({ name: "UnexpectedAnswer", status: 302 });
  });

  test("the login page of a network is no success", async () => {
    const { url } = await serve({ "/api/v1/jobs": html(200), "/api/v1/encrypt": html(200), "/api/v1/auth/token": html(200) });
    expect(await failureOf(guest(url).jobs.list())).toBeInstanceOf(UnexpectedAnswer);
    expect(await failureOf(guest(url).encrypt(PICTURE).accepted)).toBeInstanceOf(UnexpectedAnswer);
    const client = new Client({ session: new TokenSession({ url, email: "ada@example.org", password: "correct horse" }) });
    expect(await failureOf(client.jobs.list())).toBeInstanceOf(UnexpectedAnswer);
  });

  test("nobody at the address is offline", async () => {
    const client = guest("http://127.0.0.1:9");
    expect(await failureOf(client.jobs.cancel(JOB))).toBeInstanceOf(Offline);
  });

  test("the id of the request is sent, and kept where there was no answer", async () => {
    const { url, received } = await serve({ [`/api/v1/jobs/${JOB}/cancel`]: cut });
    const error = await failureOf(guest(url).jobs.cancel(JOB));
    expect(error).toBeInstanceOf(Offline);
    expect((error as Offline).request_id).toBe(received[0]?.headers["x-request-id"]);
  });
});

describe("repetitions", () => {
  test("an upload whose answer was lost is sent again whole, under the same key", async () => {
    const { url, received } = await serve({ "/api/v1/encrypt": [cut, json(202, { job_id: JOB })] });
    const job = await guest(url).encrypt(PICTURE, { quantum_purity: "fast" }).accepted;
    expect(job.job_id).toBe(JOB);
    expect(received).toHaveLength(2);
    expect(received[0]?.headers["idempotency-key"]).toBe(received[1]?.headers["idempotency-key"]);
    expect(received[1]?.body.toString()).toContain("bytes of a picture");
    expect(received[1]?.body.toString()).toContain('filename="scan 1.png"');
  });

  test("a busy service is asked again when it says so, but not after a long time", async () => {
    const busy = (seconds: string) => json(503, problem("overloaded", 503), { "Retry-After": seconds });
    const { url, received } = await serve({ "/api/v1/jobs": [busy("0"), json(200, { data: [] })], "/api/v1/batches": busy("60") });
    await guest(url).jobs.list();
    expect(await failureOf(guest(url).batches.list())).toMatchObject({ code: "overloaded", retryAfter: 60 });
    expect(received.map(({ path }) => path)).toEqual(["/api/v1/jobs", "/api/v1/jobs", "/api/v1/batches"]);
  });

  test("what has no key is never sent twice", async () => {
    const { url, received } = await serve({ [`/api/v1/jobs/${JOB}`]: html(502) });
    expect(await failureOf(guest(url).jobs.remove(JOB))).toMatchObject({ status: 502 });
    expect(received).toHaveLength(1);
  });

  test("an abort ends the waiting between two", async () => {
    const { url } = await serve({ "/api/v1/jobs": html(502) });
    const stop = new AbortController();
    const listing = guest(url).jobs.list({}, { signal: stop.signal });
    setTimeout(() => { stop.abort(new Error("enough")); }, 50);
    expect(await failureOf(listing)).toMatchObject({ message: "enough" });
  });
});

describe("tokens", () => {
  const pair = (number: number) => json(200, { access_token: `access-${number}`, refresh_token: `refresh-${number}`, expires_in: 900 });
  const expired = json(401, problem("token-expired", 401));

  test("a 401 in mid-upload renews the token once and sends the upload again", async () => {
    const { url, received } = await serve({
      "/api/v1/auth/token": [pair(1), pair(2)],
      "/api/v1/encrypt": [expired, json(202, { job_id: JOB })],
    });
    const client = new Client({ session: new TokenSession({ url, email: "ada@example.org", password: "correct horse" }) });
    await client.encrypt(PICTURE).accepted;
    const uploads = received.filter(({ path }) => path === "/api/v1/encrypt");
    expect(uploads.map(({ headers }) => headers.authorization)).toEqual(["Bearer access-1", "Bearer access-2"]);
    expect(uploads[0]?.headers["idempotency-key"]).toBe(uploads[1]?.headers["idempotency-key"]);
    expect(received[2]?.body.toString()).toBe("grant_type=refresh_token&refresh_token=refresh-1");
  });

  test("many requests renew it once", async () => {
    const answers: Answer = (request, response) => {
      const isNew = request.headers.authorization === "Bearer access-2";
      (isNew ? json(200, { data: [] }) : expired)(request, response);
    };
    const { url, received } = await serve({ "/api/v1/auth/token": [pair(1), pair(2)], "/api/v1/jobs": answers });
    const client = new Client({ session: new TokenSession({ url, email: "ada@example.org", password: "correct horse" }) });
    await Promise.all(Array.from({ length: 5 }, () => client.jobs.list()));
    expect(received.filter(({ path }) => path === "/api/v1/auth/token")).toHaveLength(2);
  });

  test("a token that is given and refused is the end", async () => {
    const { url } = await serve({ "/api/v1/jobs": expired });
    expect(await failureOf(holder(url).jobs.list())).toBeInstanceOf(SignedOut);
  });

  test("a second refusal is thrown", async () => {
    const { url, received } = await serve({ "/api/v1/auth/token": pair(1), "/api/v1/jobs": expired });
    const client = new Client({ session: new TokenSession({ url, refresh_token: "refresh-0" }) });
    expect(await failureOf(client.jobs.list())).toMatchObject({ code: "token-expired" });
    expect(received.filter(({ path }) => path === "/api/v1/jobs")).toHaveLength(2);
  });
});
