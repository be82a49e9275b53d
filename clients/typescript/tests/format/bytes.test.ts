import { describe, expect, it } from "vitest";
import { Cursor, equal, fromBase64, fromBase64Url, fromHex, toBase64, toBase64Url, toHex, u64 } from "../../src/format/bytes.ts";
import { Random } from "./random.ts";

const random = new Random("bytes");

describe("Base64", () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])("is read back at a length of %i", (size) => {
    const data = random.bytes(size);
    expect(fromBase64(toBase64(data))).toEqual(data);
    expect(fromBase64Url(toBase64Url(data))).toEqual(data);
  });

  it("agrees with Node on large data", () => {
    const data = random.bytes(100_000);
    expect(toBase64(data)).toBe(Buffer.from(data).toString("base64"));
    expect(toBase64Url(data)).toBe(Buffer.from(data).toString("base64url"));
  });

  it.each(["AA", "AAA", "AA=A", "A===", "AB==", "AAB=", "AA==\n", " AA==", "AA-_", "AAAA====", "é===", "="])(
    "refuses %j",
    (text) => {
      expect(fromBase64(text)).toBeNull();
    },
  );

  it.each(["AA==", "AB", "A", "AAB", "AA+/"])("without padding refuses %j", (text) => {
    expect(fromBase64Url(text)).toBeNull();
  });
});

describe("numbers and hexadecimal digits", () => {
  it("are big-endian", () => {
    expect(toHex(u64(2 ** 52 + 258))).toBe("0010000000000102");
  });

  it("are only read in lower case", () => {
    expect(fromHex("00ff")).toEqual(Uint8Array.of(0, 255));
    expect(["0", "FF", "0x", "g0"].map(fromHex)).toEqual([null, null, null, null]);
  });
});

describe("a cursor", () => {
  it("refuses to read past the end", () => {
    const cursor = new Cursor(Uint8Array.of(1, 2, 3));
    expect(cursor.number(2)).toBe(258);
    expect(() => cursor.take(2)).toThrow(RangeError);
    expect(cursor.left).toBe(1);
  });
});

describe("equal", () => {
  it("looks at every byte and at the length", () => {
    expect(equal(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
    expect(equal(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(equal(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0))).toBe(false);
  });
});
