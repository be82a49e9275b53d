import { beforeAll, describe, expect, test } from "vitest";

import { SecretKey } from "../src/format/index.ts";
import { decryptLocally, encryptLocally, LocalFailure, localObstacle, type LocalEncrypted } from "../src/local/index.ts";
import { fromBase64 } from "../src/format/bytes.ts";
import { keyFileOf } from "./format/vector.ts";
import { readVectors } from "./format/files.ts";
import { bytesOf, sample } from "./support/service.ts";

const PASSWORD = "correct horse battery staple";
const secret = new SecretKey(new Uint8Array(32).fill(7));

class Large extends Blob {
  override get size(): number {
    return 2 ** 30;
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.reject(new Error("it was read"));
  }
}

// One for all: deriving the key of a password takes seconds.
let protectedOne: LocalEncrypted;

beforeAll(async () => {
  protectedOne = await encrypt("rocket.jpg", { master_password: PASSWORD });
});

function encrypt(name: string, locks: { master_password?: string; recipients?: string[] }): Promise<LocalEncrypted> {
  return sample(name).then((picture) => encryptLocally(picture, { experimental: true, ...locks }));
}

function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(() => expect.unreachable("nothing failed"), (error: unknown) => error);
}

describe("there and back", () => {
  test("under a password, with the name and the bytes of the file", async () => {
    const stages = new Set<string>();
    const { image, keyFile, key_id } = protectedOne;
    const picture = await decryptLocally({ picture: image, keyFile, password: PASSWORD }, { onProgress: ({ stage }) => stages.add(stage) });
    expect(picture).toMatchObject({ name: "rocket.jpg", isIdentical: true, layout: "file", purity: "balanced", key_id });
    expect((await bytesOf(picture.blob)).equals(await bytesOf(await sample("rocket.jpg")))).toBe(true);
    expect([...stages]).toEqual(["validating", "unlocking", "verifying", "decrypting"]);
  });

  test("for a recipient, from bytes, which stay the caller's", async () => {
    const { image, keyFile } = await encrypt("astronaut.png", { recipients: [secret.publicKey.text] });
    const bytes = new Uint8Array(await image.arrayBuffer());
    const identity = `# created: today\n${secret.text}\n`;
    const picture = await decryptLocally({ picture: bytes, keyFile, identity });
    expect(picture).toMatchObject({ name: "astronaut.png", layout: "pixels", blob: { type: "image/png" } });
    expect(bytes.length).toBe(image.size);
  });
});

describe("a failure says what is wrong", () => {
  test("with the password and the key file", async () => {
    const [one, two] = [protectedOne, await encrypt("rocket.jpg", { recipients: [secret.publicKey.text] })];
    const wrong = await failureOf(decryptLocally({ picture: one.image, keyFile: one.keyFile, password: "wrong" }));
    expect(wrong).toBeInstanceOf(LocalFailure);
    expect(wrong).toMatchObject({ code: "decryption-failed", failure: "no match", message: "The password or secret key does not open this key file" });
    const other = await failureOf(decryptLocally({ picture: one.image, keyFile: two.keyFile, identity: secret.text }));
    expect(other).toMatchObject({ failure: "commitment", message: "The key file belongs to another picture" });
    const swapped = await failureOf(decryptLocally({ picture: one.keyFile, keyFile: one.image }));
    expect(swapped).toMatchObject({ code: "unsupported-format" });
    const never = await failureOf(decryptLocally({ picture: await sample("astronaut.png"), keyFile: one.keyFile }));
    expect(never).toMatchObject({ code: "header-missing" });
  });

  test("with a changed picture, as each step of the format names it", async () => {
    const vectors = readVectors("images").filter(({ lines }) => ["mac", "payload", "header", "commitment"].includes(lines.expect ?? ""));
    for (const step of ["mac", "payload", "header", "commitment"]) {
      const vector = vectors.find(({ lines }) => lines.expect === step);
      if (vector === undefined) throw new Error(`no vector fails with ${step}`);
      expect(await failureOf(decryptLocally({ picture: vector.file, keyFile: await keyFileOf(vector) }))).toMatchObject({ failure: step });
    }
  });

  test("with a picture that was saved again, which its header opens", async () => {
    const vector = readVectors("detached").find(({ lines }) => lines.expect === "success");
    if (vector === undefined) throw new Error("no vector succeeds");
    const [keyFile, header] = [await keyFileOf(vector), fromBase64(vector.lines.header ?? "") ?? undefined];
    expect(await failureOf(decryptLocally({ picture: vector.file, keyFile }))).toMatchObject({ code: "header-missing" });
    expect((await decryptLocally({ picture: vector.file, keyFile, header })).blob.size).toBeGreaterThan(0);
  });

  test("before anything is read, of files that are too large", async () => {
    const [large, small] = [new Large(["x"]), new Blob(["x"])];
    expect(await failureOf(decryptLocally({ picture: large, keyFile: small }))).toMatchObject({ code: "file-too-large" });
    expect(await failureOf(decryptLocally({ picture: small, keyFile: large }))).toMatchObject({ code: "key-file-invalid" });
    expect(await failureOf(decryptLocally({ picture: small, keyFile: small, material: large }))).toMatchObject({ code: "file-too-large" });
    expect(await failureOf(encryptLocally(large, { experimental: true, recipients: [secret.publicKey.text] }))).toMatchObject({ code: "file-too-large" });
  });

  test("and an abort is no failure", async () => {
    const { image, keyFile } = protectedOne;
    const stop = new AbortController();
    const work = decryptLocally({ picture: image, keyFile, password: PASSWORD }, { signal: stop.signal, onProgress: () => { stop.abort(new Error("enough")); } });
    expect(await failureOf(work)).toMatchObject({ message: "enough" });
  });
});

test("there is no obstacle in a program", () => {
  expect(localObstacle()).toBeNull();
});
