import { describe, expect, it } from "vitest";
import { toHex, utf8 } from "../../src/format/bytes.ts";
import { dumps } from "../../src/format/canonical.ts";
import { conditionSeed, fileKeyOf } from "../../src/format/seed.ts";
import { describeDrawing, digestOf, keyIdText } from "../../src/format/statement.ts";
import { fromHex } from "../../src/format/bytes.ts";

const bytes = (from: number, to: number) => Uint8Array.from({ length: to - from }, (_, i) => from + i);
const OWN = bytes(0x00, 0x40);
const JOB = "job_0190f5fe7c007a008000fedcba987654";

describe("the seed of a client", () => {
  it("is that of the design with bytes of the server", () => {
    const seed = conditionSeed(OWN, JOB, bytes(0x80, 0xc0));
    expect(toHex(seed)).toBe("72defef0a7c689a4569ec9eecbd548f4a4e836bb557a947735037104e5cae7d1");
  });

  it("is that of the design without bytes of the server", () => {
    expect(toHex(conditionSeed(OWN, JOB))).toBe("4e2c2cf8a14d92ec278fa7e855038cb06458ea8c58f542b64866040ae811488a");
  });

  it("depends on the client's own bytes whatever the server sends", () => {
    const other = OWN.slice().fill(1, 0, 1);
    expect(conditionSeed(other, JOB, bytes(0, 64))).not.toEqual(conditionSeed(OWN, JOB, bytes(0, 64)));
  });

  it("is not made of too few own bytes, or too many of the server", () => {
    expect(() => conditionSeed(bytes(0, 63), JOB)).toThrow(RangeError);
    expect(() => conditionSeed(OWN, JOB, new Uint8Array(1025))).toThrow(RangeError);
    expect(conditionSeed(OWN, JOB, new Uint8Array(1024))).toHaveLength(32);
  });

  it("becomes the file key of docs/reference/format.md", () => {
    expect(toHex(fileKeyOf(bytes(0x40, 0x60)))).toBe("97e6be168eef01802218382baae9c122f88da508de06a586956b19d1e8833c74");
  });
});

describe("the statement", () => {
  const keyId = fromHex("0190f5fe7c007a0080000123456789ab") ?? new Uint8Array();
  const at = new Date("2026-03-04T05:06:07.089Z");
  const statement = describeDrawing({ keyId, jobId: JOB, serverBytes: 64, startedAt: at, finishedAt: at });

  it("counts the bits of the server and credits none", () => {
    expect(statement).toMatchObject({ version: 2, raw: { draws: 1, bits: 512, credited_bits: 0 } });
    expect(statement.source).toMatchObject({ kind: "client", credited_bits_per_bit: [0, 1] });
    expect(statement.system).toEqual({ generator: "getRandomValues", bits: 512 });
  });

  it("has a canonical form, whose digest is that of SHA-256", async () => {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", dumps(statement)));
    expect(await digestOf(statement)).toBe(toHex(digest));
    expect(new TextDecoder().decode(dumps(statement))).toContain('"started_at":"2026-03-04T05:06:07.089Z"');
  });

  it("names the key as key files do", () => {
    expect(statement.key_id).toBe("key_0190f5fe7c007a0080000123456789ab");
    expect(keyIdText(utf8("A"))).toBe("key_41");
  });
});
