import type { ApiKey } from "@imageshield/client";
import { describe, expect, it } from "vitest";
import { fieldsOf } from "@/features/api-keys/fields.tsx";
import { mayGive, SCOPES } from "@/features/api-keys/scopes.ts";
import { linesOf } from "@/features/api-keys/secret.tsx";
import { endOf, isInUse, isValid, stateOf } from "@/features/api-keys/state.ts";

const NOW = new Date("2026-11-30T12:00:00Z");
const key = (changes: Partial<ApiKey>) => ({ status: "active", expires_at: null, grace_until: null, revoked_at: null, ...changes }) as ApiKey;

describe("the state of a key", () => {
  it("is the service's, and what time has made of it since", () => {
    const states = [
      key({}),
      key({ expires_at: "2026-12-09T12:00:00Z" }),
      key({ expires_at: "2027-01-09T12:00:00Z" }),
      key({ expires_at: "2026-11-30T12:00:00Z" }),
      key({ status: "replaced", grace_until: "2026-12-01T12:00:00Z" }),
      key({ status: "replaced", grace_until: "2026-11-30T11:00:00Z" }),
      key({ status: "revoked", revoked_at: "2026-11-01T12:00:00Z" }),
    ].map((one) => stateOf(one, NOW));
    expect(states).toEqual(["active", "soon", "active", "expired", "replaced", "over", "revoked"]);
    expect(states.map(isValid)).toEqual([true, true, true, false, true, false, false]);
    expect(states.map(isInUse)).toEqual([true, true, true, false, false, false, false]);
  });

  it("ends at the first of its ends", () => {
    expect(endOf(key({}))).toBeNull();
    expect(endOf(key({ expires_at: "2026-12-09T12:00:00Z", grace_until: "2026-12-01T12:00:00Z" }))).toBe("2026-12-01T12:00:00Z");
    expect(endOf(key({ expires_at: "2026-12-09T12:00:00Z", revoked_at: "2026-12-10T12:00:00Z" }))).toBe("2026-12-10T12:00:00Z");
  });
});

describe("a new key", () => {
  it("has no bounds where the fields are empty", () => {
    const form = new FormData();
    form.set("name", " nightly ");
    form.set("networks", " 192.0.2.0/24\n\n2001:db8::/32, 10.0.0.1 ");
    expect(fieldsOf(form)).toEqual({ name: "nightly", networks: ["192.0.2.0/24", "2001:db8::/32", "10.0.0.1"], rate_per_hour: null });
    form.set("networks", "  ");
    form.set("rate", "30");
    expect(fieldsOf(form)).toEqual({ name: "nightly", networks: null, rate_per_hour: 30 });
  });

  it("gets no scope that the role lacks", () => {
    expect(SCOPES.filter(({ scope }) => !mayGive("owner", scope))).toEqual([]);
    expect(mayGive("auditor", "jobs:write")).toBe(false);
  });

  it("is not written into the history of a shell", () => {
    for (const use of ["curl", "cli"] as const) expect(linesOf(use, "https://images.example").join(" ")).not.toMatch(/qis_/);
  });
});
