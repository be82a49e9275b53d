import { beforeEach, describe, expect, it, vi } from "vitest";

/** Load the module as the first script of a page at an address. */
async function load(address: string) {
  const { pathname, search, hash } = new URL(address, "http://localhost");
  const replaced: string[] = [];
  vi.stubGlobal("location", { pathname, search, hash });
  vi.stubGlobal("history", { state: null, replaceState: (_state: unknown, _title: string, to: string) => replaced.push(to) });
  vi.resetModules();
  return { replaced, ...(await import("@/lib/link-secret.ts")) };
}

describe("the secret of a link", () => {
  beforeEach(() => {
    const kept = new Map<string, string>();
    vi.stubGlobal("addEventListener", () => undefined);
    vi.stubGlobal("sessionStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
      removeItem: (key: string) => kept.delete(key),
    });
  });

  it("leaves the address at once, and its query stays", async () => {
    const { linkSecret, replaced } = await load("/verify-email?a=b#token=secret");
    expect(linkSecret()).toBe("secret");
    expect(replaced).toEqual(["/verify-email?a=b"]);
  });

  it("waits for a reload of the same page, and of no other", async () => {
    await load("/setup#operator=code");
    expect((await load("/setup/")).linkSecret()).toBe("code");
    expect((await load("/login")).linkSecret()).toBeNull();
  });

  it("is gone once it was used", async () => {
    (await load("/invitation#token=secret")).forgetLinkSecret();
    expect((await load("/invitation")).linkSecret()).toBeNull();
  });

  it.each(["/settings#security", "/guide#token", "/guide#token=", "/pricing"])("is not in %s", async (address) => {
    const { linkSecret, replaced } = await load(address);
    expect(linkSecret()).toBeNull();
    expect(replaced).toEqual([]);
  });
});
