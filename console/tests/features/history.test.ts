import { describe, expect, it } from "vitest";
import { filterOf, isEmpty, queryOf, startOfId } from "@/features/history/filter.ts";
import { merge } from "@/features/history/merge.ts";
import { fitting } from "@/features/history/verbs.ts";
import { job } from "./example-job.ts";

const page = (ids: string[], has_more: boolean) => ({ data: ids.map((job_id) => job({ job_id })), has_more, next_cursor: has_more ? "next" : null });
const ids = (jobs: { job_id: string }[]) => jobs.map((one) => one.job_id);

describe("the filter of the address", () => {
  it("keeps what the service knows", () => {
    const filter = filterOf({ status: "failed", kind: "decrypt", purity: "fast", since: "2026-11-21", until: "2026-11-28", reference: "case 1", q: "JOB_01a2" });
    expect(filter).toEqual({ status: "failed", kind: "decrypt", purity: "fast", since: "2026-11-21", until: "2026-11-28", reference: "case 1", q: "job_01a2" });
  });

  it("leaves out everything else", () => {
    const filter = filterOf({ status: "lost", kind: ["encrypt", "decrypt"], purity: "toString", since: "2026-02-30", until: "tomorrow", reference: "a\nb", q: "holiday.png", page: "2" });
    expect(isEmpty(filter)).toBe(true);
  });

  it("counts the bytes of a reference, as the service does", () => {
    expect(filterOf({ reference: "é".repeat(100) }).reference).toHaveLength(100);
    expect(filterOf({ reference: "é".repeat(101) }).reference).toBeUndefined();
  });

  it("makes moments of days, the last one included", () => {
    const { created_after, created_before } = queryOf({ since: "2026-11-21", until: "2026-11-21" });
    expect(Date.parse(created_before ?? "") - Date.parse(created_after ?? "")).toBe(86_400_000);
    expect(queryOf({ status: "failed" })).toEqual({ status: "failed" });
  });
});

describe("the start of an id", () => {
  it.each([["job_01A2", "job_01a2"], [" 01a2 ", "01a2"], ["job_", undefined], ["", undefined], ["01a2g", undefined], ["0".repeat(33), undefined]])("%j is %j", (text, wanted) => {
    expect(startOfId(text)).toBe(wanted);
  });
});

describe("the list and its newest page", () => {
  it("shows the pages until there is a newer one", () => {
    expect(ids(merge([page(["d", "c"], true), page(["b", "a"], false)], undefined))).toEqual(["d", "c", "b", "a"]);
  });

  it("puts new jobs in front and keeps older pages", () => {
    expect(ids(merge([page(["d", "c"], true), page(["b", "a"], false)], page(["e", "d"], true)))).toEqual(["e", "d", "c", "b", "a"]);
  });

  it("forgets what the newest page no longer has", () => {
    expect(ids(merge([page(["d", "c"], true), page(["b", "a"], false)], page(["d", "b"], true)))).toEqual(["d", "b", "a"]);
    expect(ids(merge([page(["d", "c"], false)], page(["c"], false)))).toEqual(["c"]);
    expect(merge([page(["d"], false)], page([], false))).toEqual([]);
  });
});

describe("what a verb acts on", () => {
  const jobs = [job({ status: "failed" }), job({ status: "pending" }), job({ status: "processing", cancel_requested: true }), job(), job({ status: "cancelled" })];

  it.each([["retry", ["failed"]], ["cancel", ["pending"]], ["delete", ["failed", "completed", "cancelled"]]] as const)("%s: %j", (verb, states) => {
    expect(fitting(verb, jobs).map((one) => one.status)).toEqual(states);
  });
});
