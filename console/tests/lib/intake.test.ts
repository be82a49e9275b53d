import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { look, MAX_ENCRYPTED_BYTES } from "@/lib/intake.ts";

const VECTORS = new URL("../../../tests/vectors/", import.meta.url);

/** The file of a vector: what follows the first empty line. */
function fileOf(vector: string): Buffer<ArrayBuffer> {
  const data = readFileSync(new URL(`${vector}.vector`, VECTORS));
  return data.subarray(data.indexOf("\n\n") + 2);
}

const KEY_FILE = fileOf("key_files/success_passphrase");
const IMAGE = fileOf("images/success_balanced_pixels");
const HEADER_AT = IMAGE.indexOf("QSIS") + 4;

const file = (data: string | Uint8Array<ArrayBuffer>, name = "a file") => new File([data], name);

/** A file of a size that nobody wants to write down. */
function grown(data: Uint8Array<ArrayBuffer>, size: number): File {
  const grown = file(data);
  Object.defineProperty(grown, "size", { value: size });
  return grown;
}

describe("a key file", () => {
  it("is read as it is", async () => {
    const seen = await look(file(KEY_FILE));
    expect(seen).toMatchObject({ kind: "key-file" });
    expect(seen).not.toHaveProperty("restored");
  });

  it("that an editor has saved again is read as it was written", async () => {
    const seen = await look(file(KEY_FILE.toString().replaceAll("\n", "\r\n"), "k.qkey"));
    expect(seen).toMatchObject({ kind: "key-file", restored: true });
    expect(seen.file.name).toBe("k.qkey");
    expect(Buffer.from(await seen.file.arrayBuffer())).toEqual(KEY_FILE);
  });

  it("that was changed is a changed key file, and no picture", async () => {
    const changed = KEY_FILE.toString().replace('"balanced"', '"better"');
    expect(await look(file(changed))).toMatchObject({ kind: "refused", wanted: "key-file", why: { sentence: "This key file was changed." } });
  });
});

describe("an encrypted picture", () => {
  it("is known by its header", async () => {
    expect(await look(file(IMAGE))).toMatchObject({ kind: "encrypted" });
  });

  it("with a changed header says so", async () => {
    const changed = Buffer.from(IMAGE);
    changed.writeUInt8(9, HEADER_AT + 1);
    expect(await look(file(changed))).toMatchObject({ kind: "refused", wanted: "encrypted", why: { sentence: "The header of this encrypted picture was changed." } });
  });

  it("may be larger than a picture to encrypt, also without its header", async () => {
    const again = readFileSync(new URL("../../../samples/coffee.png", import.meta.url));
    expect(await look(grown(IMAGE, 60_000_000))).toMatchObject({ kind: "encrypted" });
    expect(await look(grown(IMAGE, MAX_ENCRYPTED_BYTES + 1))).toMatchObject({ kind: "refused", wanted: "encrypted" });
    expect(await look(grown(again, 60_000_000))).toMatchObject({ kind: "refused", why: { code: "file-too-large" } });
    expect(await look(grown(again, 60_000_000), MAX_ENCRYPTED_BYTES)).toMatchObject({ kind: "picture" });
  });
});

it("A file that is nothing of ours is refused by its content", async () => {
  expect(await look(file("Hello", "a.png"))).toMatchObject({ kind: "refused", why: { code: "unsupported-format" } });
});
