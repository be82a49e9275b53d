import { UsersRound } from "lucide-react";
import { NewAccountButton } from "@/features/members/new-account.tsx";
import { Team } from "@/features/members/team.tsx";
import { useAccount, useAccounts } from "@/lib/account.ts";
import { Card } from "@/ui/card.tsx";
import { Empty, SkeletonRows } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { PageHead } from "@/ui/page.tsx";

/** Who works in the chosen account. */
export default function MembersPage() {
  const { error } = useAccounts();
  const account = useAccount();
  if (account && !account.personal) return <Team key={account.account_id} account={account} />;
  return (
    <>
      <PageHead title="Members" />
      {error && <ProblemMessage error={error} className="mb-4" />}
      <Card>
        {account ? <Empty icon={UsersRound} title="Your personal account is yours alone." action={<NewAccountButton />}>To work with others, make an account for all of you. It has its own keys, jobs and webhooks.</Empty> : <SkeletonRows rows={3} />}
      </Card>
    </>
  );
}
