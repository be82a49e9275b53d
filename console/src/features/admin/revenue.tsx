import type { InstallationUsage } from "@imageshield/client";
import { plural } from "@/lib/format.ts";
import { Card, CardHead, CardPart, KeyValues } from "@/ui/card.tsx";

type Figures = InstallationUsage["revenue"];

/** The same figures as the metrics `monthly_recurring_revenue` and `subscription_conversions_total`. */
export const Revenue = ({ revenue }: { revenue: Figures }) => (
  <Card>
    <CardHead lined title="Monthly revenue" note="Prices of the tiers of all active accounts; “contact us” counts zero" aside={<strong className="numeric text-card">{amount(revenue)}</strong>} />
    <CardPart tight>
      {revenue.conversions.length === 0 ? <p className="py-2 text-dense text-muted">No tier has changed yet.</p> : <KeyValues nameWidth="60%" items={revenue.conversions.map(({ from_tier, to_tier, count }) => ({ name: <span className="capitalize">{from_tier} → {to_tier}</span>, value: <span className="numeric block text-right">{plural(count, "time")}</span> }))} />}
    </CardPart>
  </Card>
);

const amount = ({ currency, monthly }: Figures): string => monthly.toLocaleString("en-GB", { style: "currency", currency, currencyDisplay: "code" });
