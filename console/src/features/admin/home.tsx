import { Accounts } from "@/features/admin/accounts.tsx";
import { DeadLetters } from "@/features/admin/dead-letters.tsx";
import { EntropyPools } from "@/features/admin/pools.tsx";
import { Settings } from "@/features/admin/settings.tsx";
import { Usage } from "@/features/admin/usage.tsx";
import { Users } from "@/features/admin/users.tsx";
import { useAddress } from "@/lib/address.ts";
import { PageHead } from "@/ui/page.tsx";
import { Tabs, type Tab } from "@/ui/tabs.tsx";

type View = "accounts" | "users" | "dead-letters" | "usage" | "pools" | "settings";

const TABS: Tab<View>[] = [
  { value: "accounts", name: "Accounts", content: <Accounts /> },
  { value: "users", name: "Users", content: <Users /> },
  { value: "dead-letters", name: "Dead letters", content: <DeadLetters /> },
  { value: "usage", name: "Usage & revenue", content: <Usage /> },
  { value: "pools", name: "Entropy pools", content: <EntropyPools /> },
  { value: "settings", name: "Settings", content: <Settings /> },
];

/** The whole installation, a view for each subject. Filters of one view are none of another. */
export function AdminHome() {
  const [search, change] = useAddress();
  const value = TABS.find((tab) => tab.value === search.view)?.value ?? "accounts";
  const show = (view: View) => { change({ view, q: "", state: "", tier: "", only: "" }, { push: true }); };
  return (
    <>
      <PageHead title="Administration" note="Every act is in the audit trail of the account and in that of the installation." />
      <Tabs label="Administration" tabs={TABS} value={value} onChange={show} />
    </>
  );
}
