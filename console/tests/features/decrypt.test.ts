import type { KeyFile, Front } from "@imageshield/client/format";
import { describe, expect, it } from "vitest";
import { missing, type Wish } from "@/features/decrypt/readiness.ts";
import { bareOf, belongTogether, isMisplaced, NO_FILES, placed, rearranged, type Slots } from "@/features/decrypt/slots.ts";
import type { Look } from "@/lib/intake.ts";

const bytes = (value: number, length: number) => new Uint8Array(length).fill(value);
const file = (name: string) => ({ name, size: 1 }) as File;
const ids = (value: number) => ({ keyId: bytes(value, 16), nonce: bytes(value, 24), commitment: bytes(value, 32) });
const front = (value: number, purity = "balanced") => ({ header: { ...ids(value), purity }, tag: bytes(0, 32) }) as unknown as Front;
const encrypted = (value = 1, purity = "balanced"): Look => ({ kind: "encrypted", file: file("a.enc.png"), front: front(value, purity) });
const keyFile = (value: number, ...types: string[]) => ({ ...ids(value), stanzas: types.map((type) => ({ type })) }) as unknown as KeyFile;
const key = (value = 1, ...types: string[]): Look => ({ kind: "key-file", file: file("a.qkey"), keyFile: keyFile(value, ...(types.length ? types : ["plain"])) });
const png: Look = { kind: "picture", file: file("again.png"), facts: { format: "PNG", mode: "RGB", bitDepth: 8, width: 4, height: 4 } };
const jpeg: Look = { kind: "picture", file: file("again.jpg"), facts: { format: "JPEG", mode: "RGB", bitDepth: 8, width: 4, height: 4 } };
const material: Look = { kind: "material", file: file("a.qmat") };
const header: Look = { kind: "header", file: file("a.qhdr"), front: front(1) };

const slots = (some: Partial<Slots>): Slots => ({ ...NO_FILES, ...some });
const wish = (some: Partial<Slots>, more: Partial<Wish> = {}): Wish => ({ slots: slots(some), where: "here", password: "", identity: "", keyId: "", ...more });

describe("files", () => {
  it("find their places in any order", () => {
    expect(placed(NO_FILES, [key(), material, encrypted()])).toEqual(slots({ picture: encrypted(), key: key(), material }));
  });

  it("that were exchanged are exchanged back", () => {
    const wrong = slots({ picture: key(), key: encrypted() });
    expect(isMisplaced("picture", wrong.picture) && isMisplaced("key", wrong.key)).toBe(true);
    expect(rearranged(wrong)).toEqual(slots({ picture: encrypted(), key: key() }));
  });

  it("belong together if id, nonce and commitment are equal", () => {
    expect(belongTogether(front(1), keyFile(1, "plain"))).toBe(true);
    expect(belongTogether(front(1), keyFile(2, "plain"))).toBe(false);
    expect(belongTogether(front(1), { ...keyFile(1, "plain"), nonce: bytes(9, 24) })).toBe(false);
    expect(belongTogether(front(1), null)).toBeNull();
  });

  it("without a header may have been saved again", () => {
    expect([encrypted(), png, jpeg].map((picture) => bareOf(slots({ picture })))).toEqual(["none", "png", "jpeg"]);
  });
});

describe("what is missing", () => {
  it.each<[string, Wish, string | null]>([
    ["nothing chosen", wish({}), "Choose an encrypted picture first"],
    ["exchanged files", wish({ picture: key(), key: encrypted() }), "Put the files in their places first"],
    ["a JPEG", wish({ picture: jpeg, key: key() }), "This file cannot be decrypted"],
    ["another key file", wish({ picture: encrypted(1), key: key(2) }), "Choose the key file of this picture"],
    ["here, no key file", wish({ picture: encrypted() }), "Choose the key file first"],
    ["here, a plain key file", wish({ picture: encrypted(), key: key() }), null],
    ["here, no password", wish({ picture: encrypted(), key: key(1, "passphrase") }), "Type the password first"],
    ["here, the password", wish({ picture: encrypted(), key: key(1, "passphrase") }, { password: "x" }), null],
    ["here, no secret key", wish({ picture: encrypted(), key: key(1, "recipient") }), "Choose your secret key first"],
    ["here, a password for recipients", wish({ picture: encrypted(), key: key(1, "recipient") }, { password: "x" }), "Choose your secret key first"],
    ["here, either of two locks", wish({ picture: encrypted(), key: key(1, "passphrase", "recipient") }, { identity: "s" }), null],
    ["here, a key of the vault", wish({ picture: encrypted(), key: key(1, "vault") }), "Only the service opens this key file"],
    ["here, no material", wish({ picture: encrypted(1, "maximum"), key: key() }), "Choose the material first"],
    ["here, saved again", wish({ picture: png, key: key() }), "Choose the header first"],
    ["here, saved again, with its header", wish({ picture: png, key: key(), header }), null],
    ["service, without a key file", wish({ picture: encrypted() }, { where: "service" }), null],
    ["service, maximum", wish({ picture: encrypted(1, "maximum") }, { where: "service" }), null],
    ["service, for recipients", wish({ picture: encrypted(), key: key(1, "recipient") }, { where: "service" }), "Only its recipients open it, in this browser"],
    ["service, saved again", wish({ picture: png }, { where: "service" }), "Say which picture it was first"],
    ["service, saved again, its key", wish({ picture: png }, { where: "service", keyId: `key_${"0a".repeat(16)}` }), null],
  ])("%s", (_, given, expected) => {
    expect(missing(given)).toBe(expected);
  });
});
