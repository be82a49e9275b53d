import { describe, expect, it } from "vitest";
import { type Bytes, utf8 } from "../../src/format/bytes.ts";
import { decrypt } from "../../src/format/decrypt.ts";
import { DecryptionError, FormatError, HeaderMissing, KeyFileInvalid, NotEncrypted } from "../../src/format/failures.ts";
import { parseKeyFile } from "../../src/format/keyfile.ts";
import type { Progress } from "../../src/format/pace.ts";
import { readVectors } from "./files.ts";
import { keyFileOf, type Vector } from "./vector.ts";

const vectors = new Map([...readVectors("images"), ...readVectors("key_files")].map((one) => [one.name, one]));

function vector(name: string): Vector {
  const found = vectors.get(name);
  if (found === undefined) throw new Error(`there is no vector ${name}`);
  return found;
}

const image = vector("success_pixels_rgb").file;
const keyFile = await keyFileOf(vector("success_pixels_rgb"));

async function failureOf(image: Bytes, keyFile: Bytes): Promise<unknown> {
  return decrypt({ image, keyFile }).then(() => null, (error: unknown) => error);
}

function flip(data: Bytes, bit: number): Bytes {
  const changed = data.slice();
  changed[bit >>> 3] ^= 1 << (bit & 7);
  return changed;
}

describe("an encrypted image", () => {
  it("is refused with any single bit changed", async () => {
    for (let bit = 0; bit < 8 * image.length; bit++) {
      expect(await failureOf(flip(image, bit), keyFile), `bit ${bit}`).toBeInstanceOf(FormatError);
    }
  });

  it("is refused wherever it is cut off or goes on", async () => {
    for (let size = 0; size < image.length; size++) {
      expect(await failureOf(image.slice(0, size), keyFile)).toBeInstanceOf(FormatError);
    }
    expect(await failureOf(Uint8Array.of(...image, 0), keyFile)).toBeInstanceOf(DecryptionError);
  });
});

describe("a key file", () => {
  it("is refused with any single bit changed", async () => {
    for (let bit = 0; bit < 8 * keyFile.length; bit++) {
      expect(await failureOf(image, flip(keyFile, bit)), `bit ${bit}`).toBeInstanceOf(FormatError);
    }
  });

  it.each([...vectors.keys()].filter((name) => name.startsWith("key_file_kdf_")))(
    "is refused at once where it asks for too much: %s",
    (name) => {
      expect(() => parseKeyFile(vector(name).file)).toThrow(KeyFileInvalid);
    },
  );

  it("of a costly passphrase is refused before anything is derived", async () => {
    const begin = performance.now();
    const costly = utf8(new TextDecoder().decode(vector("success_passphrase_costs").file).replace(/"m_kib": \d+/, '"m_kib": 1048577'));
    await expect(decrypt({ image, keyFile: costly, secrets: { passphrase: "whatever it is" } })).rejects.toThrow(KeyFileInvalid);
    expect(performance.now() - begin).toBeLessThan(500);
  });
});

describe("another file in the place of the image", () => {
  it.each([
    [utf8("\u0000"), "An encrypted image is a PNG"],
    [Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), "This is a JPEG: an encrypted image is a PNG; another program has saved this one again, or it was never encrypted"],
    [keyFile, "This is a key file: an encrypted image is a PNG"],
    [utf8("QSMT\u0001"), "This is a material file: an encrypted image is a PNG"],
  ])("is named", async (file, message) => {
    expect(await failureOf(file, keyFile)).toEqual(new NotEncrypted(message));
  });

  it("is said to have no header where it is another PNG", async () => {
    expect(await failureOf(vector("header_missing_plain").file, keyFile)).toBeInstanceOf(HeaderMissing);
  });
});

describe("a decryption", () => {
  it("reports every stage, and never goes back in one", async () => {
    const reports: Progress[] = [];
    await decrypt({ image, keyFile }, { onProgress: (report) => reports.push(report) });
    expect([...new Set(reports.map(({ stage }) => stage))]).toEqual(["validating", "unlocking", "verifying", "decrypting"]);
    reports.forEach((report, i) => {
      expect(report.done).toBeLessThanOrEqual(report.total);
      const before = reports.at(i - 1);
      if (i > 0 && before?.stage === report.stage) expect(report.done).toBeGreaterThanOrEqual(before.done);
    });
    expect(reports.at(-1)).toEqual({ stage: "decrypting", done: reports.at(-1)?.total, total: reports.at(-1)?.total });
  });

  it("stops with the reason of its signal", async () => {
    const controller = new AbortController();
    const onProgress = ({ stage }: Progress) => { if (stage === "verifying") controller.abort(new Error("enough")); };
    await expect(decrypt({ image, keyFile }, { onProgress, signal: controller.signal })).rejects.toThrow("enough");
  });

  it("changes no input, and gives up the image only if told to", async () => {
    const [before, keyBefore] = [image.slice(), keyFile.slice()];
    await decrypt({ image, keyFile });
    expect([image, keyFile]).toEqual([before, keyBefore]);
    const given = image.slice();
    await decrypt({ image: given, keyFile }, { consume: true });
    expect(given.length).toBe(0);
  });

  it("tells what it decrypted", async () => {
    const about = await decrypt({ image, keyFile });
    expect(about).toMatchObject({ layout: "pixels", purity: "balanced", mediaType: "image/png" });
    expect(about.keyId).toMatch(/^key_[0-9a-f]{32}$/);
  });
});
