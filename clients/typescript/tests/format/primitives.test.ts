import { describe, expect, it } from "vitest";
import { type Bytes, fromHex, toHex, utf8 } from "../../src/format/bytes.ts";
import { adler32, crc32 } from "../../src/format/checksums.ts";
import { Pace } from "../../src/format/pace.ts";
import { GcmKey, hkdfExpand, hkdfExtract, hmacSha256, sha256, xorStream } from "../../src/format/primitives.ts";
import { deriveKeys, LABELS, segmentKey } from "../../src/format/schedule.ts";
import { SegmentStreams, Streams } from "../../src/format/streams.ts";
import { readJson } from "./files.ts";
import { Random } from "./random.ts";

const random = new Random("primitives");

function hex(text: string): Bytes {
  const data = fromHex(text.replaceAll(/[\s:]/g, ""));
  if (data === null) throw new Error("not hexadecimal");
  return data;
}

describe("ChaCha20", () => {
  const text = utf8(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  );
  const key = Uint8Array.from({ length: 32 }, (_, i) => i);
  const nonce = hex("000000000000004a00000000");

  it("is that of RFC 8439, section 2.4.2", () => {
    const data = text.slice();
    xorStream(key, nonce, data, 64); // the example's counter begins at 1
    expect(toHex(data.subarray(0, 16))).toBe("6e2e359a2568f98041ba0728dd0d6981");
    expect(toHex(data.subarray(-10))).toBe("b40b8eedf2785e42874d");
  });
});

describe("the other primitives", () => {
  it("are HMAC-SHA-256 of RFC 4231, case 2", async () => {
    const mac = await hmacSha256(utf8("Jefe"), utf8("what do ya want for nothing?"));
    expect(toHex(mac)).toBe("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  });

  it("are AES-256-GCM of the GCM specification, case 16", async () => {
    const key = await GcmKey.of(hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"));
    const plain = hex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    );
    const [nonce, aad] = [hex("cafebabefacedbaddecaf888"), hex("feedfacedeadbeeffeedfacedeadbeefabaddad2")];
    const sealed = await key.encrypt(nonce, plain, aad);
    expect(toHex(sealed.subarray(-16))).toBe("76fc6ece0f4e1768cddf8853bb2d551b");
    expect(await key.decrypt(nonce, sealed, aad)).toEqual(plain);
    sealed[0] ^= 1;
    expect(await key.decrypt(nonce, sealed, aad)).toBeNull();
    expect(await key.decrypt(nonce, sealed.subarray(0, 15), aad)).toBeNull();
  });
});

describe("checksums", () => {
  it("are those of published examples", () => {
    expect(crc32(utf8("123456789"))).toBe(0xcbf43926);
    expect(adler32(utf8("Wikipedia"))).toBe(0x11e60398);
  });

  it("are resumed at any place", () => {
    const data = random.bytes(10_000);
    for (let round = 0; round < 50; round++) {
      const at = random.below(10_001);
      expect(crc32(data.subarray(at), crc32(data.subarray(0, at)))).toBe(crc32(data));
      expect(adler32(data.subarray(at), adler32(data.subarray(0, at)))).toBe(adler32(data));
    }
  });

  it("do not overflow on the largest bytes", () => {
    expect(adler32(new Uint8Array(1_000_000).fill(255))).toBe(adlerOf(new Uint8Array(1_000_000).fill(255)));
  });
});

describe("the key schedule", () => {
  const { vectors } = readJson("key_schedule.json") as { vectors: Record<string, string>[] };

  it.each(vectors)("has the frozen keys of $file_key", (vector) => {
    const keys = deriveKeys(hex(vector.file_key), hex(vector.nonce));
    const { keyFile, ...others } = keys;
    const found = Object.entries({ ...others, key_file: keyFile }).map(([name, key]) => [name, toHex(key)]);
    const given = { file_key: vector.file_key, nonce: vector.nonce };
    expect({ ...given, ...Object.fromEntries(found) }).toEqual(vector);
  });

  it("derives the file key of the document's example", () => {
    const seed = Uint8Array.from({ length: 32 }, (_, i) => 0x40 + i);
    const fileKey = hkdfExpand(hkdfExtract(seed), LABELS.fileKey, 32);
    expect(toHex(fileKey)).toBe("97e6be168eef01802218382baae9c122f88da508de06a586956b19d1e8833c74");
  });

  it("begins segment 0 as the document says", () => {
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => i);
    const stream = new Uint8Array(16);
    xorStream(segmentKey(bytes.slice(0, 32), bytes.slice(32), 0), new Uint8Array(12), stream);
    expect(toHex(stream)).toBe("2cf9a94b4500d747feb3eb0026e0346e");
  });
});

describe("keystreams", () => {
  const keys = deriveKeys(random.bytes(32), random.bytes(24));

  it("cross the border of two segments as frozen", async () => {
    const vector = readJson("segments.json") as Record<"stream_key" | "first" | "last" | "keystream_sha256", string> & { seeds: string[] };
    const streams = new SegmentStreams({ ...keys, stream: hex(vector.stream_key) }, hex(vector.seeds.join("")));
    const stream = new Uint8Array(2 ** 20 + 5);
    await streams.xorPayload(stream, new Pace());
    expect(toHex(stream.subarray(0, 32))).toBe(vector.first);
    expect(toHex(stream.subarray(-5))).toBe(vector.last);
    expect(toHex(await sha256(stream))).toBe(vector.keystream_sha256);
  });

  it("do not depend on the sizes in which a lane is read", async () => {
    const whole = new Uint8Array(5_000);
    await new Streams(keys).lane(3).read(whole);
    const lane = new Streams(keys).lane(3);
    for (let at = 0; at < whole.length; ) {
      const part = new Uint8Array(Math.min(whole.length - at, random.below(200)));
      await lane.read(part);
      expect(part).toEqual(whole.subarray(at, at + part.length));
      at += part.length;
    }
  });
});

/** RFC 1950, section 8.2, byte by byte. */
function adlerOf(data: Uint8Array): number {
  let [low, high] = [1, 0];
  for (const byte of data) {
    low = (low + byte) % 65_521;
    high = (high + low) % 65_521;
  }
  return high * 65_536 + low;
}
