import { Client, NoSession, type AuthorizationStart, type Provider } from "@imageshield/client";
import { useEffect, useState } from "react";
import { session } from "@/lib/session.ts";

/** The identity providers of this installation, for pages without queries; none until they are known, and where they cannot be asked. */
export function useProviders(): Provider[] {
  const [providers, setProviders] = useState<Provider[]>([]);
  useEffect(() => {
    const left = new AbortController();
    new Client({ session: new NoSession({ url: location.origin }) }).accounts.providers({ signal: left.signal }).then(
      ({ data }) => { setProviders(data); },
      () => undefined,
    );
    return () => { left.abort(); };
  }, []);
  return providers;
}

/** Leave for a provider, which sends the browser back to the page of the callback. */
export async function goTo(provider: string, purpose: AuthorizationStart["purpose"], returnTo: string): Promise<void> {
  location.assign(await session.begin(provider, { purpose, return_to: returnTo }));
  // The page stays busy until the browser has left.
  await new Promise(() => undefined);
}
