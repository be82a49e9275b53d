import type { ManagedUser } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { UserRound } from "lucide-react";
import { ActButton } from "@/features/admin/act.tsx";
import { NoDetail } from "@/features/admin/detail.tsx";
import { FactorReset } from "@/features/admin/factor-reset.tsx";
import { UserState } from "@/features/admin/states.tsx";
import { operatorAct, sessionsAct, suspensionAct, unlockAct } from "@/features/admin/user-acts.ts";
import { client } from "@/lib/api.ts";
import { Card, CardHead, CardPart, KeyValues } from "@/ui/card.tsx";
import { CopyableId } from "@/ui/copyable-id.tsx";
import { PageHead, Stack } from "@/ui/page.tsx";
import { Time } from "@/ui/time.tsx";

export function UserPage({ id }: { id: string }) {
  const { data, error } = useQuery({ queryKey: ["admin", "user", id], queryFn: ({ signal }) => client.administration.user(id, { signal }) });
  return data ? <User user={data} /> : <NoDetail error={error} what="user" icon={UserRound} view="users" />;
}

function User({ user }: { user: ManagedUser }) {
  return (
    <>
      <PageHead title={<span className="break-all">{user.email}</span>} above={<UserState user={user} />} actions={<ActButton act={suspensionAct(user)} />} />
      <Stack>
        <Card aria-label="Facts">
          <CardPart tight>
            <KeyValues
              nameWidth="8rem"
              items={[
                { name: "Operator", value: user.operator ? "Yes" : "No" },
                { name: "Address", value: user.email_verified ? "Confirmed" : "Not confirmed" },
                { name: "Last seen", value: user.last_seen_at === null ? "Not signed in" : <Time at={user.last_seen_at} /> },
                { name: "Created", value: <Time at={user.created_at} as="moment" /> },
                ...(user.suspended_at === null ? [] : [{ name: "Suspended", value: <Time at={user.suspended_at} as="moment" /> }]),
                { name: "User", value: <CopyableId id={user.user_id} what="user id" /> },
                { name: "Account", value: <Link to="/admin/accounts/$account" params={{ account: user.user_id.replace("usr_", "acc_") }} className="link">The personal account</Link> },
              ]}
            />
          </CardPart>
        </Card>
        <FactorReset user={user} />
        <Card>
          <CardHead lined title="Sign-in and rights" note="Unlocking forgets wrong passwords. Ended sessions can be signed in again." />
          <CardPart className="flex flex-wrap gap-2">
            <ActButton act={unlockAct(user)} />
            <ActButton act={sessionsAct(user)} />
            <ActButton act={operatorAct(user)} />
          </CardPart>
        </Card>
      </Stack>
    </>
  );
}
