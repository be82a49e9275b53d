import type { Job } from "@imageshield/client";
import { describe, expect, it } from "vitest";
import { hitsFor, type Acts } from "@/app/palette/hits.ts";

const acts: Acts = { theme: "light", switchTheme: () => undefined, showShortcuts: () => undefined, signOut: () => undefined };
const ID = "job_01a22275ae527e78a25afd4dba889d82";
const job = (job_id: string, file_name: string | null) => ({ job_id, file_name, kind: "encrypt", status: "completed", progress: 100 }) as Job;
const jobs = [job(ID, "retina.png"), job("job_01a22273ae527e78a25afd4dba4f8fa8", null)];
const texts = (text: string) => hitsFor(text, jobs, acts).map((hit) => hit.text);

describe("the palette", () => {
  it("offers jobs, actions and pages before anything is typed", () => {
    expect(new Set(hitsFor("", jobs, acts).map((hit) => hit.group))).toEqual(new Set(["Jobs", "Do", "Go to"]));
  });

  it("finds a job by its name or id, and a page by its name", () => {
    expect(texts("retina")).toEqual(["retina.png"]);
    expect(hitsFor("9d82", jobs, acts)[0]?.to).toBe(`/jobs/${ID}`);
    expect(texts("history")).toEqual(["History"]);
  });

  it("calls a job without a name by its kind", () => {
    expect(texts("4f8fa8")).toEqual(["Encrypt"]);
  });

  it("opens a whole id that is not among the latest jobs", () => {
    const old = `job_${"0".repeat(32)}`;
    expect(hitsFor(` ${old.toUpperCase()} `, jobs, acts)).toMatchObject([{ to: `/jobs/${old}` }]);
  });

  it("never offers a page that needs an id", () => {
    expect(hitsFor("", jobs, acts).filter((hit) => hit.to?.includes("$"))).toEqual([]);
  });
});
