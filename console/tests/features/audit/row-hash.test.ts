import { expect, it, vi } from "vitest";
import { rowHash } from "@/features/audit/row-hash.ts";

// docs/reference/audit-format.md, "Vectors".
const GENESIS = "51ca69fe903b6c98471114b7e9320f42317f1d94d13ab6e6e45b0965fadb0dab";

it("is that of the format", async () => {
  vi.stubGlobal("isSecureContext", true);
  expect(await rowHash({ seq: 1, prev: GENESIS, payload: '{"a":1}' })).toBe("f7159186e75f617278a707c943380b8795034de7c9a46547cb310b61eb9a858e");
});

it("needs cryptography, and a sealed row", async () => {
  vi.stubGlobal("isSecureContext", false);
  expect(await rowHash({ seq: 1, prev: GENESIS, payload: "{}" })).toBeNull();
  vi.stubGlobal("isSecureContext", true);
  expect(await rowHash({ seq: null, prev: null, payload: null })).toBeNull();
});
