import { bytes } from "@/lib/format.ts";

/** Limits of `POST /analyze` (docs/openapi.json), checked before anything is sent. */
export const LIMITS = { original: 50_000_000, encrypted: 112_000_000 };

/** Why these two cannot be measured; undefined if they can be sent. */
export function reasonOf({ original, encrypted }: { original: { size: number } | null; encrypted: { size: number } | null }): string | undefined {
  if (!original && !encrypted) return "Choose both pictures first";
  if (!original) return "Choose your picture first";
  if (!encrypted) return "Choose the encrypted picture first";
  if (original.size > LIMITS.original) return `Your picture is ${bytes(original.size)}, over ${bytes(LIMITS.original)}`;
  if (encrypted.size > LIMITS.encrypted) return `The encrypted one is ${bytes(encrypted.size)}, over ${bytes(LIMITS.encrypted)}`;
  return undefined;
}
