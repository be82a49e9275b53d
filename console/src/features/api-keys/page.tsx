import { KeyRound } from "lucide-react";
import { Keys } from "@/features/api-keys/keys.tsx";
import { mayReview, useAccount, useAccounts } from "@/lib/account.ts";
import { Card } from "@/ui/card.tsx";
import { Empty, SkeletonRows } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { PageHead } from "@/ui/page.tsx";

/** The API keys of the account in which this tab works. */
export default function ApiKeysPage() {
  const { error } = useAccounts();
  const account = useAccount();
  if (account && mayReview(account)) return <Keys key={account.account_id} account={account} />;
  return (
    <>
      <PageHead title="API keys" />
      {error && <ProblemMessage error={error} className="mb-4" />}
      <Card>
        {account ? <Empty icon={KeyRound} title="The keys of this account are not shown to members.">Ask an owner or an admin of the account for one.</Empty> : <SkeletonRows rows={3} />}
      </Card>
    </>
  );
}
