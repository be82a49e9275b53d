import { Client, NoSession, type Tier, type Tiers } from "@imageshield/client";
import { useEffect, useState } from "react";
import { bytes, count, plural } from "@/lib/format.ts";

const LOCALE = "en-GB";

/** The tiers of this installation; null until they have come. */
export function useTiers(): { offer: Tiers | null; error: unknown; again: () => void } {
  const [offer, setOffer] = useState<Tiers | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const left = new AbortController();
    const refused = (failure: unknown) => {
      if (!left.signal.aborted) setError(failure);
    };
    new Client({ session: new NoSession({ url: location.origin }) }).accounts.tiers({ signal: left.signal }).then(setOffer, refused);
    return () => {
      left.abort();
    };
  }, [attempt]);
  const again = () => {
    setError(null);
    setAttempt((before) => before + 1);
  };
  return { offer, error, again };
}

/** `$29 a month`, `Contact the operator`. */
export function priceText(price: number | null, currency: string): { price: string; per: string } {
  if (price === null) return { price: "Contact", per: "the operator" };
  const digits = Number.isInteger(price) ? 0 : 2;
  return { price: price.toLocaleString(LOCALE, { style: "currency", currency, currencyDisplay: "narrowSymbol", minimumFractionDigits: digits, maximumFractionDigits: digits }), per: "a month" };
}

export interface Line {
  name: string;
  value: string;
}

type Shown = Pick<Tier, "encryptions_per_month" | "file_bytes" | "purities" | "analytics" | "api_calls_per_hour">;

/** The limits of a tier in words; null is no limit. */
export function linesOf(tier: Shown): Line[] {
  const { encryptions_per_month: encryptions, api_calls_per_hour: calls, file_bytes: size } = tier;
  return [
    { name: "Encryptions a month", value: encryptions === null ? "Unlimited" : count(encryptions) },
    { name: "Largest picture", value: size === null ? "The limit of the service" : bytes(size) },
    { name: "Purity", value: purityText(tier.purities) },
    { name: "Analysis", value: tier.analytics === "full" ? "Full" : "Basic" },
    { name: "Jobs by API", value: calls === null ? "Unlimited" : `${plural(calls, "job")} an hour` },
  ];
}

const ALL = 4;
const purityText = (purities: readonly string[]): string => (purities.length === ALL ? "All four" : purities.map((purity) => purity.charAt(0).toUpperCase() + purity.slice(1)).join(", "));
