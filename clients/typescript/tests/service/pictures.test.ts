import { beforeAll, describe, expect, test } from "vitest";

import { ApiProblem, isBatch, JobFailed, NoSession, TokenSession, Client, type Client as User, type Progress, type State } from "../../src/index.ts";
import { bytesOf, newUser, password, sample, url } from "../support/service.ts";

const OTHER = "another long password";

let client: User;
let email: string;

beforeAll(async () => {
  ({ client, email } = await newUser());
});

describe("one picture", () => {
  test("goes there and back, byte for byte, with its name", async () => {
    const picture = await sample("rocket.jpg", "räket 1.jpg");
    const seen: Progress[] = [];
    const job = await client.encrypt(picture, { quantum_purity: "fast", metadata: { patient: "4711" } }).wait({ onProgress: (progress) => seen.push(progress) });
    expect(job).toMatchObject({ status: "completed", file_name: "räket 1.jpg", metadata: { patient: "4711" }, layout: "file" });
    expect(seen.at(-1)).toEqual({ stage: "completed", progress: 100 });
    const image = await client.jobs.result(job.job_id);
    expect(image.name).toMatch(/\.enc\.png$/);
    const keyFile = await client.jobs.keyFile(job.job_id, { locks: { master_password: OTHER } });
    const back = await client.decrypt(image.blob, { key_file: keyFile.blob, master_password: OTHER }).wait();
    const original = await client.jobs.result(back.job_id);
    expect(original.name).toBe("räket 1.jpg");
    expect((await bytesOf(original.blob)).equals(await bytesOf(picture))).toBe(true);
    expect(JSON.parse(await (await client.jobs.receipt(job.job_id)).blob.text())).toHaveProperty("statement");
  });

  test("the wrong password is a failed job with the one answer", async () => {
    const job = await client.encrypt(await sample("rocket.jpg"), { master_password: OTHER }).wait();
    const [image, keyFile] = [await client.jobs.result(job.job_id), await client.jobs.keyFile(job.job_id)];
    const failure = await client.decrypt(image.blob, { key_file: keyFile.blob, master_password: "wrong" }).wait().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(JobFailed);
    expect(failure).toMatchObject({ code: "decryption-failed", job: { status: "failed" } });
  });

  test("with a part of it as regions, and its analysis", async () => {
    const regions = [{ x: 8, y: 8, width: 128, height: 128 }];
    const job = await client.encrypt(await sample("astronaut.png"), { regions, analyze: true }).wait();
    expect(job.regions).toEqual(regions);
    const analysis = await client.analyses.get(job.job_id);
    expect(analysis.charts.histogram_comparison.original).toHaveLength(256);
    expect((await client.jobs.report(job.job_id, "html")).blob.type).toContain("text/html");
  });

  test("the same key makes one job", async () => {
    const picture = await sample("rocket.jpg");
    const [one, two] = [client.encrypt(picture, { idempotency_key: "k-1" }), client.encrypt(picture, { idempotency_key: "k-1" })];
    expect((await one.accepted).job_id).toBe((await two.accepted).job_id);
  });

  test("an ended job can be removed, and then is not there", async () => {
    const job = await client.encrypt(await sample("rocket.jpg")).wait();
    await client.jobs.remove(job.job_id);
    const failure = await client.jobs.get(job.job_id).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApiProblem);
    expect(failure).toMatchObject({ code: "not-found", status: 404 });
  });

  test("what is refused says why, by field", async () => {
    const failure = await client.encrypt(await sample("rocket.jpg"), { master_password: "short" }).accepted.catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "validation-failed", errors: [{ field: "master_password" }] });
    expect((failure as ApiProblem).request_id).not.toBeNull();
  });
});

describe("many pictures", () => {
  test("a batch is followed to its end, and comes back as one zip", async () => {
    const pictures = [await sample("rocket.jpg"), new File(["no picture"], "notes.txt"), await sample("astronaut.png")];
    const submission = client.batch(pictures, { quantum_purity: "fast" });
    const { batch_id } = await submission.accepted;
    const states: State[] = [];
    const last = await client.follow(batch_id, { onEvent: (_, state) => states.push(state) });
    expect(last !== null && isBatch(last) && last.counts).toMatchObject({ total: 3, completed: 2, failed: 1 });
    expect(states.length).toBeGreaterThan(0);
    expect((await submission.wait()).items[1]?.error?.code).toBe("unsupported-format");
    const zip = await client.batches.result(batch_id, { key_files: true });
    expect((await bytesOf(zip.blob)).subarray(0, 2).toString()).toBe("PK");
  });

  test("pages lead from the newest to the oldest", async () => {
    const first = await client.jobs.list({ limit: 1 });
    const second = await client.jobs.list({ limit: 1, cursor: first.next_cursor ?? "" });
    expect(first.has_more).toBe(true);
    expect(Date.parse(second.data[0]?.created_at ?? "")).toBeLessThanOrEqual(Date.parse(first.data[0]?.created_at ?? ""));
  });

  test("analyses are compared, and added up by day", async () => {
    const ids = await Promise.all(["astronaut.png", "coffee.png"].map(async (name) => (await client.encrypt(await sample(name), { analyze: true }).wait()).job_id));
    expect((await client.analyses.compare(ids)).jobs.map(({ job_id }) => job_id)).toEqual(ids);
    expect((await client.analyses.trends()).days.some(({ analyses }) => analyses >= 2)).toBe(true);
  });
});

describe("the rest", () => {
  test("entropy pools have sources", async () => {
    expect((await client.entropy.pools()).pools[0]).toHaveProperty("source");
  });

  test("webhooks are made, tested, replayed and removed", async () => {
    const { id, secret } = await client.webhooks.create({ url: "http://127.0.0.1:9/hook", events: ["job.completed"] });
    expect(secret).toMatch(/^whsec_/);
    const sent = await client.webhooks.test(id);
    const again = await client.webhooks.replay(id, sent.id);
    expect((await client.webhooks.deliveries(id)).data.map((delivery) => delivery.id)).toEqual(expect.arrayContaining([sent.id, again.id]));
    expect((await client.webhooks.change(id, { enabled: false })).enabled).toBe(false);
    await client.webhooks.remove(id);
    expect((await client.webhooks.list()).data).toEqual([]);
  });

  test("the account, and what everybody may ask", async () => {
    expect(await client.accounts.me()).toMatchObject({ email });
    const guest = new Client({ session: new NoSession({ url }) });
    expect(await guest.accounts.setup()).toMatchObject({ empty: false });
    expect((await guest.accounts.tiers()).tiers.length).toBeGreaterThan(0);
  });

  test("a session that was signed out is not used on", async () => {
    const session = new TokenSession({ url, email, password });
    const leaving = new Client({ session });
    const { data } = await leaving.jobs.list({ limit: 1 });
    await session.signOut();
    await expect(new Client({ session: new TokenSession({ url, refresh_token: "gone" }) }).jobs.list()).rejects.toMatchObject({ name: "SignedOut" });
    expect(data).toHaveLength(1);
  });
});
