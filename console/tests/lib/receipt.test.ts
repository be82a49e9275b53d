import { describe, expect, it } from "vitest";
import { provenanceOf } from "@/lib/receipt.ts";

const STATEMENT = {
  format: "imageshield-entropy-statement",
  degraded: false,
  source: { name: "aer", kind: "simulated" },
  system: { generator: "os.urandom", bits: 1024 },
  raw: { bits: 16_384, credited_bits: 0 },
  segments: { bits: 4096, credited_bits: 0, seeds: 1 },
  lanes: null,
  conditioning: { function: "hkdf-sha-512", seed_bits: 1024, strength_bits: 256 },
  health: { verdict: "passed", samples: 20_480, repetition_count_cutoff: 31, adaptive_proportion_cutoff: 609, balance_cutoff: 197 },
};
const receipt = (statement: unknown, signature_b64: unknown = "c2lnbmF0dXJl") => JSON.stringify({ statement, signature_b64 });

describe("the provenance in a receipt", () => {
  it("adds up what was measured and credits the system alone", () => {
    expect(provenanceOf(receipt(STATEMENT))).toMatchObject({
      source: "aer", kind: "simulated", measured: 20_480, credited: 0, system: 1024, seeds: 2, segments: 1, seedBits: 1024, strength: 256,
      function: "HKDF-SHA-512", degraded: false, signed: true, health: { verdict: "passed", test: null, samples: 20_480, repetition: 31, proportion: 609, balance: 197 },
    });
  });

  it("says when there is no signature", () => {
    expect(provenanceOf(receipt(STATEMENT, null))?.signed).toBe(false);
  });

  it("names the health test that failed", () => {
    const health = provenanceOf(receipt({ ...STATEMENT, degraded: true, health: { verdict: "failed", test: "replay" } }))?.health;
    expect(health).toEqual({ verdict: "failed", test: "replay", samples: null, repetition: null, proportion: null, balance: null });
  });

  it.each(["", "[]", "null", "{}", receipt([]), receipt({ ...STATEMENT, format: "else" }), receipt({ ...STATEMENT, source: { name: "x", kind: "magic" } })])("takes %j for no receipt", (text) => {
    expect(provenanceOf(text)).toBeNull();
  });
});
