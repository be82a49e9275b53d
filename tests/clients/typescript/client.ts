// A program on the types that openapi-typescript generates, with openapi-fetch: a picture there and back, and a batch.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated.js";

const [url, picture] = process.argv.slice(2);
const email = "typescript@example.org";
const password = "correct horse battery";

// The types say string of a file, for JSON has none: here it is a Blob.
const file = (data: BlobPart) => new Blob([data]) as unknown as string;

function multipart(body: object): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(body)) {
    for (const one of [value].flat()) {
      if (one instanceof Blob) form.append(name, one, "photo.jpg");
      else form.append(name, String(one));
    }
  }
  return form;
}

async function main(): Promise<void> {
  const client = createClient<paths>({ baseUrl: url });
  await client.POST("/api/v1/auth/register", { body: { email, password } });
  const bodySerializer = (body: object) => new URLSearchParams(body as Record<string, string>);
  const login = (secret: string) =>
    client.POST("/api/v1/auth/token", {
      body: { grant_type: "password", username: email, password: secret },
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      bodySerializer,
    });
  const refused = (await login("no, not this")).error as components["schemas"]["OAuthProblem"];
  assert.equal(refused.error, "invalid_grant");
  const { data: pair } = await login(password);
  assert(pair);
  client.use({ onRequest: ({ request }) => request.headers.set("Authorization", `Bearer ${pair.access_token}`) });
  const original = await readFile(picture);

  const { data: job } = await client.POST("/api/v1/encrypt", {
    params: { header: { Prefer: "wait=30" } },
    body: { image: file(original), reference: "case-2026-017", metadata: '{"patient": "4711"}' },
    bodySerializer: multipart,
  });
  assert(job);
  assert.deepEqual([job.status, job.reference, job.file_name], ["completed", "case-2026-017", "photo.jpg"]);
  assert.deepEqual(job.metadata, { patient: "4711" });
  const query = { reference: "case-2026-017", metadata: "patient:4711" };
  const { data: page } = await client.GET("/api/v1/jobs", { params: { query } });
  assert.deepEqual(page?.data.map((one) => one.job_id), [job.job_id]);

  const path = { job_id: job.job_id };
  const { data: encrypted } = await client.GET("/api/v1/jobs/{job_id}/result", { params: { path }, parseAs: "blob" });
  const { data: key } = await client.GET("/api/v1/jobs/{job_id}/key-file", { params: { path }, parseAs: "blob" });
  assert(encrypted && key);
  const { data: back } = await client.POST("/api/v1/decrypt", {
    body: { encrypted_image: file(encrypted), key_file: file(key) },
    bodySerializer: multipart,
    parseAs: "arrayBuffer",
  });
  assert(back instanceof ArrayBuffer);
  assert.deepEqual(Buffer.from(back), original);

  const { data: batch } = await client.POST("/api/v1/batch/encrypt", {
    params: { header: { Prefer: "wait=30" } },
    body: { images: [file(original), file(original)], reference: "all of it" },
    bodySerializer: multipart,
  });
  assert(batch);
  assert.deepEqual([batch.status, batch.counts.completed, batch.reference], ["completed", 2, "all of it"]);
  const listed = await client.GET("/api/v1/batches", { params: { query: { reference: "all of it" } } });
  assert.deepEqual(listed.data?.data.map((one) => one.batch_id), [batch.batch_id]);
}

await main();
