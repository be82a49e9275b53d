import type { AuthorizationStart, Provider, Providers } from "@imageshield/client";
import { useEffect, useState } from "react";
import { session } from "@/lib/session.ts";

/** The identity providers of this installation, for pages without queries; none until they are known, and where they cannot be asked. */
export function useProviders(): Provider[] {
  const [providers, setProviders] = useState<Provider[]>([]);
  useEffect(() => {
    const left = new AbortController();
    readProviders(left.signal).then(setProviders, () => undefined);
    return () => { left.abort(); };
  }, []);
  return providers;
}

// The whole client would make the sign-in a tenth larger.
async function readProviders(signal: AbortSignal): Promise<Provider[]> {
  const answer = await fetch("/api/v1/auth/providers", { signal });
  return answer.ok ? ((await answer.json()) as Providers).data : [];
}

/** Leave for a provider, which sends the browser back to the page of the callback. */
export async function goTo(provider: string, purpose: AuthorizationStart["purpose"], returnTo: string): Promise<void> {
  location.assign(await session.begin(provider, { purpose, return_to: returnTo }));
  // The page stays busy until the browser has left.
  await new Promise(() => undefined);
}
