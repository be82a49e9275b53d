import { describe, expect, it } from "vitest";
import { parseSearch, writeSearch } from "@/lib/address.ts";

describe("the query of an address", () => {
  it("keeps strings as they are, and repeated names as lists", () => {
    expect(parseSearch("?status=failed&q=007&kind=a&kind=b")).toEqual({ status: "failed", q: "007", kind: ["a", "b"] });
  });

  it("takes every name as a name", () => {
    const found = parseSearch("?__proto__=a&__proto__=b&constructor=c");
    expect(Object.keys(found)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
  });

  it("drops what is empty or no text", () => {
    expect(writeSearch({ status: "failed", q: "", page: undefined, n: 3, kind: ["a", "b"] })).toBe("?status=failed&kind=a&kind=b");
    expect(writeSearch({})).toBe("");
  });

  it("reads back what it wrote", () => {
    const search = { q: "a b&c=d?#é", kind: ["x", "y"] };
    expect(parseSearch(writeSearch(search))).toEqual(search);
  });
});
