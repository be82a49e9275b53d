import type { AuditRow } from "@imageshield/client";

const LABEL = new TextEncoder().encode("imageshield/v1/audit\0");

/** The hash of a row, computed here (docs/reference/audit-format.md, "Chains"); null where the browser has no cryptography: at an address of plain http. */
export async function rowHash({ seq, prev, payload }: Pick<AuditRow, "seq" | "prev" | "payload">): Promise<string | null> {
  if (seq === null || prev === null || payload === null || !isSecureContext) return null;
  const number = new DataView(new ArrayBuffer(8));
  number.setBigUint64(0, BigInt(seq));
  const hashed = await sha256(new TextEncoder().encode(payload));
  return hex(await sha256(joined(LABEL, new Uint8Array(number.buffer), bytesOf(prev), hashed)));
}

const sha256 = async (data: Uint8Array<ArrayBuffer>) => new Uint8Array(await crypto.subtle.digest("SHA-256", data));
const hex = (data: Uint8Array): string => [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const bytesOf = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
