import { describe, expect, it } from "vitest";
import { utf8 } from "../../src/format/bytes.ts";
import { dumps, dumpsIndented, hasKeys, isInteger, type JsonValue, loads, loadsIndented, NotCanonical } from "../../src/format/canonical.ts";

const text = (data: Uint8Array) => new TextDecoder().decode(data);

describe("the compact form", () => {
  it("sorts keys by their characters, also those that are numbers", () => {
    expect(text(dumps({ b: 1, a_: [], a: {}, "9": null, "10": true }))).toBe('{"10":true,"9":null,"a":{},"a_":[],"b":1}');
  });

  it("escapes what RFC 8785 demands, and nothing else", () => {
    expect(text(dumps('"\\\b\f\n\r\t\u0000\u001f\u007f/é\u2028🖼'))).toBe(
      '"\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\u007f/é\u2028🖼"',
    );
  });

  it("replaces lone surrogates only", () => {
    expect(text(dumps("\ud800🖼\udfff"))).toBe('"\ufffd🖼\ufffd"');
  });

  it.each<JsonValue>([1.5, 2 ** 53, NaN, { A: 1 }, { "": 1 }, { é: 1 }])("has no place for %j", (value) => {
    expect(() => dumps(value)).toThrow(NotCanonical);
  });
});

describe("the indented form", () => {
  it("has two spaces a level and one final line feed", () => {
    expect(text(dumpsIndented({ b: [1, {}], a: [] }))).toBe('{\n  "a": [],\n  "b": [\n    1,\n    {}\n  ]\n}\n');
  });
});

describe("a strict reader", () => {
  it.each(['{"a":1}', "[]", '"é"', "-1", "9007199254740991", '{"__proto__":1}'])("takes %s", (canonical) => {
    expect(text(dumps(loads(utf8(canonical))))).toBe(canonical);
  });

  it.each([
    ...["", " 1", "1 ", "1.0", "1e2", "-0", "01", "+1", "NaN", "9007199254740992", "nul", "'a'"],
    ...['{"b":1,"a":2}', '{"a":1,"a":1}', '{"a":1, "b":2}', '{"A":1}', '"\\u00e9"', '"\\/"', '"\\ud800"', "\ufeff1", "[1,]"],
  ])("refuses %j", (data) => {
    expect(() => loads(utf8(data))).toThrow(NotCanonical);
  });

  it("refuses what is not UTF-8", () => {
    expect(() => loads(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22))).toThrow(NotCanonical);
    expect(() => loads(Uint8Array.of(0x22, 0xc0, 0x80, 0x22))).toThrow(NotCanonical);
  });

  it("takes 16 levels, and refuses any more of them", () => {
    const nested = (depth: number) => utf8("[".repeat(depth) + "]".repeat(depth));
    expect(() => loads(nested(16))).not.toThrow();
    expect(() => loads(nested(17))).toThrow(NotCanonical);
    expect(() => loads(nested(500_000))).toThrow(NotCanonical);
  });

  it("tells the two forms apart", () => {
    expect(() => loadsIndented(utf8('{"a":1}'))).toThrow(NotCanonical);
    expect(loadsIndented(utf8('{\n  "a": 1\n}\n'))).toEqual({ a: 1 });
  });
});

describe("checks of values", () => {
  it("know what is an integer", () => {
    expect([true, 1.5, "1", null, [1], 0, 4].map((value) => isInteger(value, 1, 3))).toEqual(Array(7).fill(false));
    expect([1, 3].map((value) => isInteger(value, 1, 3))).toEqual([true, true]);
  });

  it("know an object by its own keys", () => {
    expect(hasKeys({ a: 1 }, "a")).toBe(true);
    expect([{ a: 1, b: 2 }, {}, [], null, "a"].map((value) => hasKeys(value, "a"))).toEqual(Array(5).fill(false));
    expect(hasKeys({ a: 1 }, "toString")).toBe(false);
  });
});
