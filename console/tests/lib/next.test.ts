import { describe, expect, it } from "vitest";
import { safeNext } from "@/lib/next.ts";

describe("where to go after the sign-in", () => {
  it.each(["/jobs/job_01?tab=a#b", "/history?status=failed"])("goes to %s", (path) => {
    expect(safeNext(path)).toBe(path);
  });

  it.each([null, "", "history", "https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "/a\\b", "/login", "/login?next=/login", "/reset-password", "javascript:alert(1)"])("does not go to %j", (path) => {
    expect(safeNext(path)).toBe("/overview");
  });
});
