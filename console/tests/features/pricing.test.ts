import { describe, expect, it } from "vitest";
import { linesOf, priceText } from "@/features/pricing/tiers.ts";

describe("priceText", () => {
  it.each([
    [0, "USD", "$0"],
    [29, "USD", "$29"],
    [29.5, "USD", "$29.50"],
    [1200, "EUR", "€1,200"],
  ])("writes %d %s as %s a month", (price, currency, text) => {
    expect(priceText(price, currency)).toEqual({ price: text, per: "a month" });
  });

  it("asks to contact the operator where there is no price", () => {
    expect(priceText(null, "USD")).toEqual({ price: "Contact", per: "the operator" });
  });
});

describe("linesOf", () => {
  const limited = { id: "free", name: "Free", price_per_month: 0, encryptions_per_month: 10, file_bytes: 5_000_000, purities: ["balanced" as const], analytics: "basic" as const, api_calls_per_hour: 1 };

  it("writes every limit", () => {
    expect(linesOf(limited).map(({ value }) => value)).toEqual(["10", "5 MB", "Balanced", "Basic", "1 job an hour"]);
  });

  it("writes null as no limit", () => {
    const free = { ...limited, encryptions_per_month: null, file_bytes: null, api_calls_per_hour: null, purities: ["fast" as const, "balanced" as const, "multistage" as const, "maximum" as const] };
    expect(linesOf(free).map(({ value }) => value)).toEqual(["Unlimited", "The limit of the service", "All four", "Basic", "Unlimited"]);
  });
});
