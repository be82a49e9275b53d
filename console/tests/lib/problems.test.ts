import { ApiProblem, Offline, SignedOut, UnexpectedAnswer } from "@imageshield/client";
import { describe, expect, it } from "vitest";
import "@/lib/problem-words.ts";
import { explain, explainCode, faultOf, SIGN_IN_WORDS } from "@/lib/problems.ts";

const refusal = (code: string, more: Partial<ConstructorParameters<typeof ApiProblem>[0]> = {}, retryAfter: number | null = null) =>
  new ApiProblem({ type: `/docs/problems/${code}`, title: "A title", status: 422, detail: "A detail.", code, request_id: "req_1", errors: [], ...more }, retryAfter);

describe("explain", () => {
  it("says a known code in the words of the console", () => {
    expect(explain(refusal("decryption-failed"))).toMatchObject({ sentence: "The picture does not open.", page: "/docs/problems/decryption-failed", requestId: "req_1" });
  });

  it("says an unknown code in the words of the service", () => {
    expect(explain(refusal("brand-new"))).toMatchObject({ sentence: "A title.", remedy: "A detail.", code: "brand-new" });
  });

  it("prefers what is wrong with each field", () => {
    const errors = [{ code: "too_short", detail: "At least 12 characters.", location: ["body", "password"] }] as never;
    expect(explain(refusal("validation-failed", { errors })).remedy).toBe("At least 12 characters.");
  });

  it("keeps the seconds of a 429", () => {
    expect(explain(refusal("rate-limited", { status: 429 }, 12)).retryAfter).toBe(12);
  });

  it("takes the words of a sign-in for a wrong password", () => {
    expect(explain(refusal("unauthenticated"), SIGN_IN_WORDS).sentence).toBe("Email or password is wrong.");
  });

  it.each([
    [new SignedOut("x"), "The session has ended."],
    [new Offline("x"), "The service does not answer."],
    [new UnexpectedAnswer(413, null), /proxy/],
    [new Error("boom"), "This page has made a mistake."],
    ["boom", "This page has made a mistake."],
  ])("has a sentence for %s", (error, sentence) => {
    Object.defineProperty(globalThis, "navigator", { value: { onLine: true }, configurable: true });
    expect(explain(error).sentence).toMatch(sentence);
  });
});

describe("explainCode", () => {
  it("has words for the code of a failed job", () => {
    expect(explainCode("image-corrupt").sentence).toBe("The file is damaged.");
    expect(explainCode("time-limit-exceeded", "The job took too long")).toMatchObject({ sentence: "The job took too long.", page: "/docs/problems/time-limit-exceeded" });
  });
});

describe("faultOf", () => {
  const errors = [{ location: "body", field: "email", code: "address_mixes_scripts", detail: "The domain mixes letters of several alphabets" }, { location: "body", field: "password", code: "unfit_password", detail: "At least 12 bytes" }];

  it("says what is wrong with a field, in the words of the console or of the service", () => {
    expect(faultOf(refusal("validation-failed", { errors }), "email")).toContain("look alike");
    expect(faultOf(refusal("validation-failed", { errors }), "password")).toBe("At least 12 bytes.");
  });

  it("says nothing of another field, and of another error", () => {
    expect(faultOf(refusal("validation-failed", { errors }), "name")).toBeUndefined();
    expect(faultOf(new Offline("no network"), "email")).toBeUndefined();
  });
});
