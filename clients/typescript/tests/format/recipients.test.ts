import { describe, expect, it } from "vitest";
import { bytesOf } from "../../src/format/canonical.ts";
import { toHex, utf8 } from "../../src/format/bytes.ts";
import { RecipientUnfit } from "../../src/format/failures.ts";
import { sha256 } from "../../src/format/primitives.ts";
import { PublicKey, SecretKey } from "../../src/format/recipients.ts";
import { Random } from "./random.ts";

const random = new Random("recipients");
const secret = new SecretKey(Uint8Array.from({ length: 32 }, (_, i) => i));
const AGE_SECRET = "AGE-SECRET-KEY-PQ-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0S5DYVQQ";

describe("age's keys", () => {
  it("have the text forms of age", async () => {
    expect(secret.ageText).toBe(AGE_SECRET);
    const text = secret.publicKey.ageText;
    expect(text.length).toBe(1959);
    expect(text).toMatch(/0sax6amyl6qa0gtwedfk$/);
    expect(toHex(await sha256(utf8(text)))).toBe("e1704ce7caadaa4e436845c280d1527742f46a8af62d934c41b60c624e7cb185");
  });

  it.each([AGE_SECRET, AGE_SECRET.toLowerCase()])("are read in one case: %s", (text) => {
    expect(SecretKey.parse(text).text).toBe(secret.text);
  });

  it("are read as public keys", () => {
    expect(PublicKey.parse(secret.publicKey.ageText).text).toBe(secret.publicKey.text);
  });

  it.each([
    ["mixed case", AGE_SECRET.replace("QQQ", "qqq")],
    ["another character", AGE_SECRET.replace("QQQS", "QQQT")],
    ["cut off", AGE_SECRET.slice(0, -1)],
    ["something behind", `${AGE_SECRET}q`],
    ["a classic key of age", "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ"],
  ])("are refused with %s", (_, text) => {
    expect(() => SecretKey.parse(text)).toThrow(RecipientUnfit);
  });
});

describe("our text forms", () => {
  it("are read back", () => {
    expect(secret.text.length).toBe(69);
    expect(secret.publicKey.text.length).toBe(1648);
    expect(SecretKey.parse(secret.text).text).toBe(secret.text);
    expect(PublicKey.parse(secret.publicKey.text).text).toBe(secret.publicKey.text);
  });

  it("are not taken for each other, and never quoted", () => {
    expect(() => SecretKey.parse(secret.publicKey.text)).toThrow(/public key/);
    expect(() => PublicKey.parse(secret.text)).toThrow(/secret key/);
    expect(() => PublicKey.parse(AGE_SECRET)).toThrow(/secret key/);
    expect(() => SecretKey.parse(`${secret.text}x`)).not.toThrow(/AAECAw/);
  });

  it("are refused if mistyped or cut off", () => {
    const texts = [secret.text.slice(0, -1), secret.text.replace("AAEC", "AAED"), `${secret.text} `, "imageshield-secret-1:", "hello"];
    for (const text of texts) expect(() => SecretKey.parse(text)).toThrow(RecipientUnfit);
  });
});

describe("stanzas of recipients", () => {
  const [fileKey, keyId] = [random.bytes(32), random.bytes(16)];

  it("are opened by their recipient only, and only with their key file", async () => {
    const stanza = await secret.publicKey.wrap(fileKey, keyId);
    expect(bytesOf(stanza.body_b64)?.length).toBe(1168);
    expect(await secret.open(stanza, keyId)).toEqual(fileKey);
    expect(await secret.open(stanza, random.bytes(16))).toBeNull();
    expect(await new SecretKey(random.bytes(32)).open(stanza, keyId)).toBeNull();
  });

  it("are never the same twice", async () => {
    const bodies = await Promise.all([1, 2].map(() => secret.publicKey.wrap(fileKey, keyId)));
    expect(bodies[0].body_b64).not.toBe(bodies[1].body_b64);
  });
});

describe("public keys of no use", () => {
  it.each([
    ["another length", (key: Uint8Array) => key.slice(1)],
    ["an X25519 point of low order", (key: Uint8Array) => key.fill(0, 1184)],
    ["a coefficient that is not reduced", (key: Uint8Array) => key.fill(255, 0, 3)],
  ])("are refused: %s", (_, change) => {
    const data = secret.publicKey.text;
    const key = Uint8Array.from(Buffer.from(data.slice(data.indexOf(":") + 1), "base64url")).slice(0, 1216);
    expect(() => new PublicKey(key)).not.toThrow();
    expect(() => new PublicKey(new Uint8Array(change(key)))).toThrow(RecipientUnfit);
  });
});
