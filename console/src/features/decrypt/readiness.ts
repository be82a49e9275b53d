import { belongTogether, bareOf, frontOf, isMisplaced, keyFileOf, locksOf, type Slot, type Slots } from "@/features/decrypt/slots.ts";

export type Where = "here" | "service";

export interface Wish {
  slots: Slots;
  where: Where;
  password: string;
  identity: string;
  /** Of a picture that was saved again: the key that it was encrypted under. */
  keyId: string;
}

export const KEY_ID = /^key_[0-9a-f]{32}$/;

/** What is still missing, for the button; null if it can begin. */
export function missing(wish: Wish): string | null {
  const { slots, where } = wish;
  if (!slots.picture) return "Choose an encrypted picture first";
  const places = Object.keys(slots) as Slot[];
  if (places.some((slot) => slots[slot]?.kind === "refused")) return "Choose other files first";
  if (places.some((slot) => isMisplaced(slot, slots[slot]))) return "Put the files in their places first";
  const bare = bareOf(slots);
  if (bare === "jpeg" || bare === "other") return "This file cannot be decrypted";
  if (belongTogether(frontOf(slots), keyFileOf(slots)) === false) return "Choose the key file of this picture";
  return where === "here" ? missingHere(wish) : missingAtService(wish);
}

function missingHere({ slots, password, identity }: Wish): string | null {
  const keyFile = keyFileOf(slots);
  if (!keyFile) return "Choose the key file first";
  if (bareOf(slots) === "png" && slots.header === null) return "Choose the header first";
  if (frontOf(slots)?.header.purity === "maximum" && slots.material === null) return "Choose the material first";
  const locks = locksOf(keyFile);
  if (locks.has("none")) return null;
  if (locks.has("password") || locks.has("identity")) return hasSecret(locks, password, identity) ? null : askFor(locks);
  return "Only the service opens this key file";
}

const hasSecret = (locks: Set<string>, password: string, identity: string): boolean =>
  (locks.has("password") && password !== "") || (locks.has("identity") && identity.trim() !== "");

const askFor = (locks: Set<string>): string => (locks.has("password") ? "Type the password first" : "Choose your secret key first");

function missingAtService({ slots, keyId }: Wish): string | null {
  const locks = locksOf(keyFileOf(slots));
  if (locks.size > 0 && [...locks].every((lock) => lock === "identity")) return "Only its recipients open it, in this browser";
  if (bareOf(slots) === "png" && !KEY_ID.test(keyId)) return "Say which picture it was first";
  return null;
}
