import { describe, expect, it } from "vitest";
import { type Bytes, fromHex, toHex, utf8 } from "../../src/format/bytes.ts";
import { parseHeader } from "../../src/format/header.ts";
import { findHeader } from "../../src/format/container.ts";
import { decrypt } from "../../src/format/decrypt.ts";
import { encryptImage, type EncryptOptions, newKeyId } from "../../src/format/encrypt.ts";
import { KeyFileInvalid, LayoutNotExact, PassphraseUnfit, RegionInvalid } from "../../src/format/failures.ts";
import { SecretKey } from "../../src/format/recipients.ts";
import { passphraseWrap, recipientWrap, type Wrap } from "../../src/format/wraps.ts";
import { chunk, draw, filteredPng, GRAY, RGB, RGBA, same } from "./pictures.ts";

const ADA = new SecretKey(new Uint8Array(32).fill(7));
const EVE = new SecretKey(new Uint8Array(32).fill(8));
const PICTURE = draw({ width: 50, height: 40, ...RGB });
const PNG = filteredPng(PICTURE, [4]);
const CHEAP = { name: "argon2id", m_kib: 19_456, p: 1, salt_b64: "AAECAwQFBgcICQoLDA0ODw==", t: 1 } as const;

async function encrypt(data: Bytes, options: Partial<EncryptOptions> = {}) {
  return encryptImage(data, { wraps: [recipientWrap(ADA.publicKey)], ...options });
}

async function back(made: { image: Bytes; keyFile: Bytes }, secretKeys = [ADA]) {
  return decrypt({ image: made.image, keyFile: made.keyFile, secrets: { secretKeys } });
}

describe("encryption", () => {
  it.each([GRAY, { bitDepth: 8, colorType: 4 }, RGB, RGBA])("of color type $colorType is undone", async (kind) => {
    const picture = draw({ width: 400, height: 390, ...kind });
    const made = await encrypt(filteredPng(picture, [3]), { fileName: "../my picture.jpg" });
    const { samples, layout, purity, fileName, keyId } = await back(made);
    expect(same(samples, picture.samples)).toBe(true);
    expect({ layout, purity, fileName }).toEqual({ layout: "pixels", purity: "balanced", fileName: "my picture.png" });
    expect(keyId).toBe(`key_${toHex(made.keyId)}`);
  });

  it("of a file keeps every byte", async () => {
    const { file, isIdentical } = await back(await encrypt(PNG, { layout: "file" }));
    expect(file).toEqual(PNG);
    expect(isIdentical).toBe(true);
  });

  it("of regions leaves the rest as it is, and is undone", async () => {
    const regions = [
      { x: 20, y: 5, width: 30, height: 30 },
      { x: 0, y: 0, width: 25, height: 9 },
    ];
    const made = await encrypt(PNG, { regions });
    expect(made.regions).toEqual([regions[1], regions[0]]);
    expect(made.warnings).toEqual(["region-small"]);
    expect((await back(made)).samples).toEqual(PICTURE.samples);
  });

  it("keeps the other chunks of a PNG", async () => {
    const title = chunk("tEXt", utf8("Title\0picture"));
    const { file } = await back(await encrypt(filteredPng(PICTURE, [0], title)));
    expect(toHex(file)).toContain(toHex(title));
  });

  it("draws another key, nonce and id every time", async () => {
    const [one, two] = [await encrypt(PNG), await encrypt(PNG)];
    expect(one.image).not.toEqual(two.image);
    const [first, second] = [one, two].map(({ image }) => parseHeader(findHeader(image).slice(0, -32)));
    for (const field of ["keyId", "nonce", "commitment"] as const) expect(first[field]).not.toEqual(second[field]);
  });

  it("binds the ids of a reservation, and bytes of the server", async () => {
    const keyId = fromHex("0190f5fe7c007a0080000123456789ab") ?? new Uint8Array();
    const made = await encrypt(PNG, { keyId, jobId: "job_1", serverBytes: utf8("from the server") });
    const { jobId, keyId: name, statementSha256 } = await back(made);
    expect({ jobId, name }).toEqual({ jobId: "job_1", name: `key_${toHex(keyId)}` });
    expect(statementSha256).toBe(made.statementSha256);
  });

  it("opens for each recipient and for nobody else", async () => {
    const wraps = [recipientWrap(ADA.publicKey), recipientWrap(EVE.publicKey)];
    const made = await encrypt(PNG, { wraps });
    for (const one of [ADA, EVE]) expect((await back(made, [one])).samples).toEqual(PICTURE.samples);
    await expect(back(made, [new SecretKey(new Uint8Array(32))])).rejects.toMatchObject({ failure: "no match" });
  });

  it.each([CHEAP, { name: "pbkdf2-hmac-sha256", iterations: 600_000, salt_b64: CHEAP.salt_b64 } as const])(
    "opens with a passphrase under $name",
    async (kdf) => {
      const { image, keyFile } = await encrypt(PNG, { wraps: [await passphraseWrap("nai\u0308ve fjord", kdf)] });
      const { samples } = await decrypt({ image, keyFile, secrets: { passphrase: "na\u00efve fjord" } });
      expect(samples).toEqual(PICTURE.samples);
    },
  );

  it("says where it is, and stops when it is told to", async () => {
    const stages = new Set<string>();
    await encrypt(PNG, { onProgress: ({ stage }) => stages.add(stage) });
    expect([...stages]).toEqual(["validating", "encrypting", "authenticating"]);
    await expect(encrypt(PNG, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });
});

describe("what cannot be encrypted", () => {
  const region = { x: 0, y: 0, width: 10, height: 10 };

  it.each([
    ["a region outside", [{ ...region, x: 41 }]],
    ["a region before the first row", [{ ...region, y: -1 }]],
    ["an empty region", [{ ...region, width: 0 }]],
    ["a region of fractions", [{ ...region, x: 0.5 }]],
    ["a region given twice", [region, { ...region }]],
    ["65 regions", Array.from({ length: 65 }, (_, x) => ({ x: x % 40, y: 0, width: 1 + Math.floor(x / 40), height: 1 }))],
  ])("is refused: %s", async (_, regions) => {
    await expect(encrypt(PNG, { regions })).rejects.toThrow(RegionInvalid);
  });

  it("is refused: regions of a whole file, or of a picture that is no 8-bit PNG", async () => {
    await expect(encrypt(PNG, { regions: [region], layout: "file" })).rejects.toThrow(RegionInvalid);
    const gif = utf8("GIF89a and what follows");
    await expect(encrypt(gif, { regions: [region] })).rejects.toThrow(LayoutNotExact);
    await expect(encrypt(gif, { layout: "pixels" })).rejects.toThrow("only all of it can be encrypted here");
  });

  it.each<[string, Wrap[]]>([
    ["no way to open it", []],
    ["more than 20 recipients", new Array<Wrap>(21).fill(recipientWrap(ADA.publicKey))],
  ])("is refused: %s", async (_, wraps) => {
    await expect(encrypt(PNG, { wraps })).rejects.toThrow(KeyFileInvalid);
  });

  it.each([["too short"], ["has a tab \t inside"], ["x".repeat(1025)], ["lone \ud800 surrogate"]])(
    "is refused: a passphrase like %j",
    async (passphrase) => {
      await expect(passphraseWrap(passphrase)).rejects.toThrow(PassphraseUnfit);
    },
  );

  it("is refused: a key id of another length", async () => {
    await expect(encrypt(PNG, { keyId: new Uint8Array(15) })).rejects.toThrow(RangeError);
  });
});

describe("a new key id", () => {
  it("is a UUID of version 7 with the time in front", () => {
    const before = Date.now();
    const hex = toHex(newKeyId());
    expect(hex).toMatch(/^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    expect(parseInt(hex.slice(0, 12), 16)).toBeGreaterThanOrEqual(before);
  });
});
