import { describe, expect, it } from "vitest";
import { partsOf } from "@/features/outbox/links.ts";

const ORIGIN = "http://localhost:8000";

describe("partsOf", () => {
  it("makes addresses of the service links", () => {
    const link = `${ORIGIN}/reset-password#token=secret`;
    expect(partsOf(`Set a new password:\n${link}\n\nBye`, ORIGIN)).toEqual([{ text: "Set a new password:\n" }, { text: link, href: link }, { text: "\n\nBye" }]);
  });

  it.each(["https://evil.example/x", `${ORIGIN}.evil.example/`, "http://localhost:8000@evil.example/", "https://["])("leaves %s a text", (text) => {
    expect(partsOf(text, ORIGIN)).toEqual([{ text }]);
  });
});
