import { describe, expect, test } from "vitest";

import { parseProblem, parseRetryAfter } from "../src/api/problem.ts";

describe("parseRetryAfter", () => {
  test("reads seconds and dates", () => {
    const now = Date.parse("Thu, 01 Jan 2026 00:00:00 GMT");
    expect(parseRetryAfter("17")).toBe(17);
    expect(parseRetryAfter("Thu, 01 Jan 2026 00:01:30 GMT", now)).toBe(90);
    expect(parseRetryAfter("Wed, 31 Dec 2025 00:00:00 GMT", now)).toBe(0);
  });

  test("takes anything else for none", () => {
    for (const text of [null, "", "soon", "-1", "1e9", "99999999999"]) expect(parseRetryAfter(text)).toBeNull();
  });
});

describe("parseProblem", () => {
  test("takes what is no problem for none", () => {
    for (const text of ["", "<html>", "null", "[]", '"code"', '{"code": 1, "title": "x"}']) {
      expect(parseProblem(text, 400)).toBeNull();
    }
  });

  test("believes the status of the answer and drops malformed parts", () => {
    const problem = parseProblem('{"code":"gone","title":"Gone","status":200,"errors":[1,null,{}],"request_id":5}', 410);
    expect(problem).toEqual({ type: "about:blank", title: "Gone", status: 410, detail: "", code: "gone", request_id: null, errors: [] });
  });
});
