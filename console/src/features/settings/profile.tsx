import type { Me } from "@imageshield/client";
import { AddressRow } from "@/features/settings/address.tsx";
import { Section } from "@/features/settings/section.tsx";
import { useMe } from "@/lib/api.ts";
import { day } from "@/lib/format.ts";
import { Badge } from "@/ui/badge.tsx";
import { CardPart, KeyValues } from "@/ui/card.tsx";
import { CopyableId } from "@/ui/copyable-id.tsx";
import { Bone, Skeleton } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";

const VALUES = {
  Tier: (me: Me) => <span className="capitalize">{me.tier}</span>,
  Account: (me: Me) => <CopyableId id={me.account_id} what="account id" />,
  User: (me: Me) => <CopyableId id={me.user_id} what="user id" />,
  Since: (me: Me) => day(new Date(me.created_at)),
  Rights: (me: Me) => <span className="font-mono">{me.scopes.join(", ")}</span>,
};

const NAMES = Object.keys(VALUES) as (keyof typeof VALUES)[];

/** Who is signed in, and in which account. */
export function Profile() {
  const me = useMe();
  return (
    <Section id="profile" title="Profile" aside={me.data && <Badge>{me.data.operator ? "Operator" : "Member"}</Badge>}>
      {!me.isError && <AddressRow email={me.data?.email} />}
      <CardPart tight>
        {me.isPending && <Skeleton><KeyValues items={NAMES.map((name) => ({ name, value: <Bone className="my-[3px] h-3.5 w-48 max-w-full" /> }))} /></Skeleton>}
        {me.isError && <ProblemMessage error={me.error} />}
        {me.data && <KeyValues items={NAMES.map((name) => ({ name, value: VALUES[name](me.data) }))} />}
      </CardPart>
    </Section>
  );
}
