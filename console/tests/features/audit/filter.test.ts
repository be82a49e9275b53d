import { expect, it } from "vitest";
import { digitsOf, filterOf, queryOf } from "@/features/audit/filter.ts";

const DIGITS = "01a22275f1e870009ad4d1a4889d82aa";

it("reads the filter of an address, and nothing else", () => {
  const search = { event: "api-keys", who: `usr_${DIGITS}`, object: `job_${DIGITS}`, outcome: "failure", since: "2026-11-01", shade: "red" };
  expect(filterOf(search)).toEqual({ event: "api-keys", who: `usr_${DIGITS}`, object: DIGITS, outcome: "failure", since: "2026-11-01" });
  expect(filterOf({ event: "nothing", who: "ada", object: "job_1", outcome: "toString", since: "2026-13-01", until: ["a", "b"] })).toEqual({});
});

it("asks for a group by the beginnings of its actions, and for one action", () => {
  expect(queryOf({ event: "jobs" })).toEqual({ action: ["image.", "job.", "batch."] });
  expect(queryOf({ event: "key.exported", who: "api_key" })).toEqual({ action: ["key.exported"], actor: "api_key" });
});

it("takes whole ids only", () => {
  expect([` JOB_${DIGITS.toUpperCase()} `, DIGITS, "job_01a2", ""].map(digitsOf)).toEqual([DIGITS, DIGITS, undefined, undefined]);
});
