import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { toHex, utf8 } from "../../src/format/bytes.ts";
import { sha256 } from "../../src/format/primitives.ts";
import { parseReceipt, ReceiptInvalid } from "../../src/format/receipt.ts";
import { checkSignatures, readReceiptKeys } from "../../src/format/receipt-keys.ts";

const page = readFileSync(new URL("../../../../docs/reference/receipts.md", import.meta.url), "utf8");
const [keysText, receiptText] = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => text);
const keys = JSON.parse(keysText) as { keys: Record<string, string>[] };
const changed = (from: string, to: string) => parseReceipt(utf8(receiptText.replace(from, to)));

describe("the receipt of docs/reference/receipts.md", () => {
  it("covers the bytes of the page", async () => {
    const { signatures } = await parseReceipt(utf8(receiptText));
    expect(signatures[0].message.length).toBe(1070);
    expect(toHex(await sha256(signatures[0].message))).toBe("834bbab24293f675ca2696745ae881efb1c879468e5956711736abba49321ef0");
  });

  it("holds under its key, and is not checked without it", async () => {
    const receipt = await parseReceipt(utf8(receiptText));
    expect(await checkSignatures(receipt, await readReceiptKeys(keys))).toBe("holds");
    expect(await checkSignatures(receipt, new Map())).toBe("unknown");
  });

  it("fails with another image", async () => {
    const receipt = await changed('"image_sha256": "94ba', '"image_sha256": "94bb');
    expect(await checkSignatures(receipt, await readReceiptKeys(keys))).toBe("fails");
  });

  it.each([
    ["another spelling", '"degraded": false', '"degraded":  false'],
    ["a changed statement", '"degraded": false', '"degraded": true'],
    ["a field more", '"signer":', '"note": "",\n  "signer":'],
    ["a credited simulator", '"credited_bits": 0', '"credited_bits": 1'],
    ["half a signature", /"signature_b64": "[^"]+"/.exec(receiptText)?.[0] ?? "", '"signature_b64": null'],
  ])("is refused with %s", async (_, from, to) => {
    expect(receiptText).toContain(from);
    await expect(changed(from, to)).rejects.toBeInstanceOf(ReceiptInvalid);
  });
});

describe("the set of keys", () => {
  it("is refused with a private key, and passes over what is not for receipts", async () => {
    const [key] = keys.keys;
    await expect(readReceiptKeys({ keys: [{ ...key, d: "x" }] })).rejects.toBeInstanceOf(ReceiptInvalid);
    for (const other of [{ imageshield_use: "access-token" }, { kid: "x".repeat(43) }, { use: "enc" }, { crv: "Ed448" }, { x: "AA" }]) {
      expect((await readReceiptKeys({ keys: [{ ...key, ...other }] })).size).toBe(0);
    }
    expect((await readReceiptKeys(keys)).size).toBe(1);
  });
});
