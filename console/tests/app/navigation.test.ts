import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { lightPageAt } from "@/app/light-pages.ts";
import { navigation, pageOf } from "@/app/navigation.ts";

const FEATURES = new URL("../../src/features/", import.meta.url);
const table = ["light-pages.ts", "navigation.ts"].map((name) => readFileSync(new URL(`../../src/app/${name}`, import.meta.url), "utf8")).join("\n");

describe("the navigation table", () => {
  it("has every path and every shortcut once", () => {
    for (const values of [navigation.map((page) => page.path), navigation.flatMap((page) => page.shortcut ?? [])]) {
      expect(new Set(values).size).toBe(values.length);
    }
  });

  it("loads the page of every feature, and none that is missing", () => {
    const loaded = [...table.matchAll(/features\/([a-z-]+)\/page\.tsx/g)].map((match) => match[1]);
    expect([...new Set(loaded)].sort()).toEqual(readdirSync(FEATURES).filter((name) => existsSync(new URL(`${name}/page.tsx`, FEATURES))).sort());
  });

  it("gives whatever the sidebar shows an icon", () => {
    expect(navigation.filter((page) => page.section && !page.icon)).toEqual([]);
  });

  it("marks an existing entry for pages that stand under another", () => {
    const paths = navigation.map((page) => page.path);
    expect(navigation.flatMap((page) => page.under ?? []).filter((path) => !paths.includes(path))).toEqual([]);
  });

  it("finds the entry of a match, and none where nothing matches", () => {
    expect(pageOf([{ routeId: "__root__", fullPath: "/" }, { routeId: "/shell/jobs/$job", fullPath: "/jobs/$job" }])?.label).toBe("Job");
    expect(pageOf([{ routeId: "__root__", fullPath: "/" }])).toBeUndefined();
  });

  it("finds the pages outside of the router by their addresses", () => {
    expect(lightPageAt("/login/")?.path).toBe("/login");
    expect(lightPageAt("/")?.path).toBe("/");
    expect(lightPageAt("/auth/callback/acme")?.path).toBe("/auth/callback/$provider");
    for (const address of ["/auth/callback/", "/auth/callback/acme/more", "/overview", "/jobs/job_1"]) expect(lightPageAt(address)).toBeUndefined();
  });
});
