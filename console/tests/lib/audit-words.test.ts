import { describe, expect, it } from "vitest";
import { ACTIONS, GROUPS, wordsOf } from "@/lib/audit-words.ts";

describe("words of the audit log", () => {
  it("has each action in a group", () => {
    const groupsOf = (action: string) => GROUPS.filter((group) => group.actions.some((start) => action.startsWith(start)));
    expect(ACTIONS.filter((action) => groupsOf(action).length === 0)).toEqual([]);
  });

  it("says what came of it", () => {
    const outcomes = ["accepted", "success", "failure", "cancelled"].map((outcome) => wordsOf({ action: "image.encrypt", outcome }));
    expect(outcomes).toEqual(["sent a picture to encrypt", "encrypted a picture", "could not encrypt a picture", "stopped encrypting a picture"]);
    expect(wordsOf({ action: "account.login", outcome: "failure" })).toBe("could not sign in");
  });

  it("names an action of a later release", () => {
    expect(wordsOf({ action: "moon.landed", outcome: "success" })).toBe("did moon.landed");
    expect(wordsOf({ action: "constructor", outcome: "success" })).toBe("did constructor");
  });
});
