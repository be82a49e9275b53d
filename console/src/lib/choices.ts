import type { BatchOptions } from "@imageshield/client";
import { FormatError, PublicKey, type Facts, type Layout, type Purity } from "@imageshield/client/format";
import { MAX_DECODED_PIXELS } from "@/lib/intake.ts";
import { megapixels } from "@/lib/format.ts";

export type Custody = "managed" | "passphrase" | "recipient";

/** How pictures are to be encrypted. */
export interface Choices {
  purity: Purity;
  layout: Layout | "auto";
  custody: Custody;
  password: string;
  again: string;
  /** Public keys, one a line. */
  recipients: string;
  /** Of recipients: whether the service may open it as well. */
  shared: boolean;
  analyze: boolean;
}

export const FIRST_CHOICES: Choices = { purity: "balanced", layout: "auto", custody: "managed", password: "", again: "", recipients: "", shared: false, analyze: true };

const SHORTEST = 12;
const LONGEST = 1024;
const MOST_RECIPIENTS = 20;

/** What is wrong with the lock, by field; nothing if it can be used. */
export interface LockFaults {
  password?: string;
  again?: string;
  recipients?: string;
}

export function lockFaults(choices: Choices): LockFaults {
  if (choices.custody === "passphrase") return passwordFaults(choices);
  if (choices.custody === "recipient") return recipientFaults(choices.recipients);
  return {};
}

function passwordFaults({ password, again }: Choices): LockFaults {
  const size = new TextEncoder().encode(password.normalize("NFC")).length;
  if (size < SHORTEST) return { password: `At least ${SHORTEST} characters. A sentence is easier to remember than a word.` };
  if (size > LONGEST) return { password: `At most ${LONGEST} bytes.` };
  if (/\p{Cc}/u.test(password)) return { password: "It has a tab or another control character, which cannot be typed everywhere." };
  return again === password ? {} : { again: "The two are not equal." };
}

function recipientFaults(text: string): LockFaults {
  const keys = recipientsOf(text);
  if (keys.length === 0) return { recipients: "Paste at least one public key, as imageshield keygen prints it." };
  if (keys.length > MOST_RECIPIENTS) return { recipients: `At most ${MOST_RECIPIENTS} keys.` };
  for (const [index, key] of keys.entries()) {
    const fault = keyFault(key);
    if (fault) return { recipients: `Line ${index + 1}: ${fault}` };
  }
  return {};
}

function keyFault(text: string): string | null {
  try {
    PublicKey.parse(text);
    return null;
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    throw error;
  }
}

/** The public keys of a text: one a line, without comments. */
export const recipientsOf = (text: string): string[] => text.split(/\s*\n\s*/).map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));

/** Why these pictures cannot be encrypted so; null if they can. */
export function layoutFault(choices: Choices, facts: Facts | null, hasParts: boolean): string | null {
  if (facts === null || (choices.layout !== "pixels" && !hasParts)) return null;
  const pixels = facts.width * facts.height;
  const instead = hasParts ? "encrypt the whole picture" : 'choose "File"';
  if (pixels > MAX_DECODED_PIXELS) return `This picture has ${megapixels(pixels)}. As pixels the limit is ${megapixels(MAX_DECODED_PIXELS)}: ${instead}, which keeps it byte for byte.`;
  if (facts.format === "OTHER") return `This format is not decoded, so it has no pixels to encrypt: ${instead}, which keeps it byte for byte.`;
  return null;
}

/** The fields of the form. Parts need the layout `pixels`, which the service chooses with them. */
export function fieldsOf(choices: Choices, hasParts = false): BatchOptions {
  return {
    quantum_purity: choices.purity,
    layout: hasParts ? "auto" : choices.layout,
    analyze: choices.analyze,
    ...(choices.custody === "passphrase" && { master_password: choices.password }),
    ...(choices.custody === "recipient" && { recipients: recipientsOf(choices.recipients), ...(choices.shared && { key_custody: "managed" as const }) }),
  };
}
