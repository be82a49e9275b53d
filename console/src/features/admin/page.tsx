import { ShieldOff } from "lucide-react";
import { AccountPage } from "@/features/admin/account.tsx";
import { AdminHome } from "@/features/admin/home.tsx";
import { UserPage } from "@/features/admin/user.tsx";
import { usePathParam } from "@/lib/address.ts";
import { useMe } from "@/lib/api.ts";
import { ButtonLink } from "@/ui/button-link.tsx";
import { Card } from "@/ui/card.tsx";
import { Empty, SkeletonRows } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { PageHead } from "@/ui/page.tsx";

/** What operators do. The service refuses everybody else; this page says so before it asks. */
export default function AdminPage() {
  const me = useMe();
  const account = usePathParam("account");
  const user = usePathParam("user");
  if (me.data?.operator) return account !== "" ? <AccountPage key={account} id={account} /> : user !== "" ? <UserPage key={user} id={user} /> : <AdminHome />;
  return (
    <>
      <PageHead title="Administration" />
      {me.error && <ProblemMessage error={me.error} />}
      {me.isPending && <Card><SkeletonRows rows={3} /></Card>}
      {me.data && (
        <Card>
          <Empty icon={ShieldOff} title="This is for operators of the installation." action={<ButtonLink to="/overview">Go to the overview</ButtonLink>}>
            You are not one. An operator can make you one; what you can do in your accounts stands under Members.
          </Empty>
        </Card>
      )}
    </>
  );
}
