import type { ManagedAccount } from "@imageshield/client";
import { useState } from "react";
import { Question } from "@/features/admin/act.tsx";
import { useTiers } from "@/features/admin/tiers.ts";
import { client } from "@/lib/api.ts";
import { Button } from "@/ui/button.tsx";
import { Select } from "@/ui/input.tsx";

/** Give an account another tier. */
export function TierButton({ account }: { account: ManagedAccount }) {
  const tiers = useTiers();
  const [tier, setTier] = useState<string | null>(null);
  const close = () => { setTier(null); };
  return (
    <>
      <Button disabled={tiers.length === 0} onClick={() => { setTier(account.tier); }}>Change the tier…</Button>
      {tier !== null && (
        <Question act={{ name: "Change the tier", title: "Change the tier?", text: "The limits of the new tier count for what is submitted from then on. What was stored before stays.", done: "The tier has changed", asksWhy: true, run: (reason) => client.administration.changeAccount(account.account_id, { tier, reason }) }} onClose={close}>
          <Select label="Tier" value={tier} onChange={(event) => { setTier(event.target.value); }}>
            {!tiers.some(({ id }) => id === account.tier) && <option value={account.tier}>{account.tier}</option>}
            {tiers.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
          </Select>
        </Question>
      )}
    </>
  );
}
