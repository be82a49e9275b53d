import { SecretKey } from "@imageshield/client/format";
import { describe, expect, it } from "vitest";
import { fieldsOf, FIRST_CHOICES, layoutFault, lockFaults, recipientsOf } from "@/lib/choices.ts";

const facts = (width: number, height: number, format = "PNG") => ({ format, mode: "RGB", bitDepth: 8, width, height }) as Parameters<typeof layoutFault>[1];
const SECRET = new SecretKey(new Uint8Array(32).fill(7));
const PUBLIC = SECRET.publicKey.text;

describe("a password", () => {
  const faults = (password: string, again = password) => lockFaults({ ...FIRST_CHOICES, custody: "passphrase", password, again });

  it("has twelve bytes at least, as the service counts them", () => {
    expect(faults("elevenchars")).toHaveProperty("password");
    expect(faults("twelve chars")).toEqual({});
    expect(faults("ééééëë")).toEqual({});
    expect(faults("x".repeat(1025))).toHaveProperty("password");
  });

  it("is typed twice, and has no control characters", () => {
    expect(faults("correct horse battery", "correct horse batterz")).toHaveProperty("again");
    expect(faults("correct horse\tbattery")).toHaveProperty("password");
  });

  it("is not asked for where it locks nothing", () => {
    expect(lockFaults(FIRST_CHOICES)).toEqual({});
  });
});

describe("public keys", () => {
  const faults = (recipients: string) => lockFaults({ ...FIRST_CHOICES, custody: "recipient", recipients });

  it("are one a line, comments left out", () => {
    expect(recipientsOf(`# of Ada\n  ${PUBLIC}  \n\n${PUBLIC}\r\n`)).toEqual([PUBLIC, PUBLIC]);
    expect(faults(`# of Ada\n${PUBLIC}`)).toEqual({});
  });

  it("are read before they are sent, and the wrong line is named", () => {
    expect(faults("")).toHaveProperty("recipients");
    expect(faults(`${PUBLIC}\nimageshield-public-1:abc`).recipients).toMatch(/^Line 2: /);
    expect(faults(SECRET.text).recipients).toContain("secret key");
  });
});

describe("the form", () => {
  it("has only the fields of the chosen lock", () => {
    const choices = { ...FIRST_CHOICES, password: "correct horse battery", recipients: PUBLIC };
    expect(fieldsOf(choices)).toEqual({ quantum_purity: "balanced", layout: "auto", analyze: true });
    expect(fieldsOf({ ...choices, custody: "passphrase" })).toHaveProperty("master_password", "correct horse battery");
    expect(fieldsOf({ ...choices, custody: "recipient" })).toEqual({ quantum_purity: "balanced", layout: "auto", analyze: true, recipients: [PUBLIC] });
    expect(fieldsOf({ ...choices, custody: "recipient", shared: true })).toHaveProperty("key_custody", "managed");
  });

  it("leaves the layout to the service where parts are drawn", () => {
    expect(fieldsOf({ ...FIRST_CHOICES, layout: "file" }, true).layout).toBe("auto");
  });
});

describe("the layout", () => {
  it("of pixels has a limit, that of a file has not", () => {
    expect(layoutFault({ ...FIRST_CHOICES, layout: "pixels" }, facts(5200, 5000), false)).toContain("26 megapixels");
    expect(layoutFault({ ...FIRST_CHOICES, layout: "pixels" }, facts(5000, 5000), false)).toBeNull();
    expect(layoutFault(FIRST_CHOICES, facts(5200, 5000), false)).toBeNull();
    expect(layoutFault(FIRST_CHOICES, facts(5200, 5000), true)).not.toBeNull();
  });

  it("of pixels is not for what nothing decodes", () => {
    expect(layoutFault({ ...FIRST_CHOICES, layout: "pixels" }, facts(100, 100, "OTHER"), false)).not.toBeNull();
  });
});
