import { afterEach, describe, expect, it, vi } from "vitest";
import { solve } from "../src/proof-of-work.ts";

// Made and solved by the package `altcha` 2.3.0 for Python.
const CHALLENGE = {
  parameters: { algorithm: "PBKDF2/SHA-256", cost: 10, keyLength: 32, keyPrefix: "00", nonce: "2fad690dd9c8974fe8d57c204bc45615", salt: "577f59b46e7aa435fba6ecb91446148b", expiresAt: 2000000000 },
  signature: "b3c2a1e2de3b20bf62d3beb5377b56150dcfbee3bb5328facfab4cb388dca4e7",
};
const SOLVED = { challenge: CHALLENGE, solution: { counter: 258, derivedKey: "00847f2daa5f4b4bf5d8ab4b9e357ae1d64f5597f537a7c5c2f84a6ef581600e" } };

afterEach(() => { vi.unstubAllGlobals(); });

describe("solve", () => {
  it("finds the number of the reference", async () => {
    expect(JSON.parse(atob(await solve(CHALLENGE)))).toEqual(SOLVED);
  });

  it("finds it without WebCrypto, as on pages over http", async () => {
    vi.stubGlobal("crypto", {});
    expect(JSON.parse(atob(await solve(CHALLENGE)))).toEqual(SOLVED);
  });

  it("refuses an algorithm that it does not know", async () => {
    await expect(solve({ ...CHALLENGE, parameters: { ...CHALLENGE.parameters, algorithm: "SCRYPT" } })).rejects.toThrow("SCRYPT");
  });
});
