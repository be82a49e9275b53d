import type { Tier, Tiers } from "@imageshield/client";
import { KeyValues } from "@/ui/card.tsx";
import { Bone, Skeleton } from "@/ui/empty.tsx";
import { linesOf, priceText } from "./tiers.ts";

const GRID = "mt-8 grid gap-4 md:grid-cols-[repeat(auto-fit,minmax(260px,1fr))]";
const CARD = "min-w-0 rounded-card border border-line bg-surface p-6";

export const TierCards = ({ offer }: { offer: Tiers }) => (
  <ul className={GRID}>
    {offer.tiers.map((tier) => <li key={tier.id} className={CARD}><TierCard tier={tier} currency={offer.currency} /></li>)}
  </ul>
);

function TierCard({ tier, currency }: { tier: Tier; currency: string }) {
  const { price, per } = priceText(tier.price_per_month, currency);
  return (
    <>
      <h2 className="text-lead font-semibold tracking-[-0.012em]">{tier.name}</h2>
      <p className="mt-3 mb-4"><span className="numeric text-figure">{price}</span> <span className="text-muted">{per}</span></p>
      <KeyValues nameWidth="9rem" items={linesOf(tier).map(({ name, value }) => ({ name, value: <span className="numeric">{value}</span> }))} />
    </>
  );
}

export const TierSkeleton = () => (
  <Skeleton label="Loading the tiers">
    <div className={GRID}>
      {[0, 1, 2].map((index) => (
        <div key={index} className={CARD}>
          <Bone className="h-4 w-20" />
          <Bone className="mt-5 mb-6 h-9 w-28" />
          {[0, 1, 2, 3, 4].map((line) => <Bone key={line} className="mt-4 h-3 w-full" />)}
        </div>
      ))}
    </div>
  </Skeleton>
);
