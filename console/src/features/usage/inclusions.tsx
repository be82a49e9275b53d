import { useQuery } from "@tanstack/react-query";
import { linesOf } from "@/features/usage/tier.ts";
import { client } from "@/lib/api.ts";
import { ButtonAnchor } from "@/ui/button.tsx";
import { Card, CardFoot, CardHead, CardPart, KeyValues } from "@/ui/card.tsx";
import { Bone, Skeleton } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";

/** What a tier includes that is not used up. */
export function Inclusions({ tier: id }: { tier: string }) {
  const { data, error } = useQuery({ queryKey: ["tiers"], queryFn: ({ signal }) => client.accounts.tiers({ signal }), staleTime: 300_000 });
  const tier = data?.tiers.find((one) => one.id === id);
  return (
    <Card>
      <CardHead lined title="What the tier includes" note="For each request, and at once" />
      <CardPart tight>
        {tier && <KeyValues nameWidth="11rem" items={linesOf(tier)} />}
        {error && <ProblemMessage error={error} />}
        {!data && !error && <Skeleton><Bone className="h-[300px]" /></Skeleton>}
        {data && !tier && <p className="text-dense text-muted">The operator has removed this tier. What it includes is that of new accounts.</p>}
      </CardPart>
      <CardFoot className="max-md:flex-col max-md:items-start max-md:px-4">
        <span>The operator decides which tier an account has. Card payment is not in this release.</span>
        <ButtonAnchor size="small" href="/pricing">Compare the tiers</ButtonAnchor>
      </CardFoot>
    </Card>
  );
}
