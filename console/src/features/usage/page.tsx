import { dayBefore } from "@/features/usage/days.ts";
import { Inclusions } from "@/features/usage/inclusions.tsx";
import { Limits } from "@/features/usage/limits.tsx";
import { Month } from "@/features/usage/month.tsx";
import { Notices } from "@/features/usage/notices.tsx";
import { useAccount } from "@/lib/account.ts";
import { dayOf } from "@/lib/limits.ts";
import { useUsage } from "@/lib/usage.ts";
import { Bone, Skeleton } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { Columns, PageHead, Stack } from "@/ui/page.tsx";

/** What the account has used of its tier, and what the tier includes. */
export default function UsagePage() {
  const { data, error } = useUsage();
  const account = useAccount();
  const name = account && !account.personal && account.name !== null ? <> of <bdi>{account.name}</bdi></> : null;
  return (
    <>
      <PageHead title="Usage" note={data ? <>The month{name} from {dayOf(data.period.starts)} to {dayOf(dayBefore(data.period.ends))}, in UTC</> : "…"} />
      {error && <ProblemMessage error={error} className="mb-4" />}
      {!data && !error && <UsageSkeleton />}
      {data && (
        <Stack>
          <Notices usage={data} />
          <Columns side="overview" aside={<Limits usage={data} personal={account?.personal ?? false} />}>
            <Month />
          </Columns>
          <Inclusions tier={data.tier} />
        </Stack>
      )}
    </>
  );
}

const UsageSkeleton = () => (
  <Skeleton>
    <Stack>
      <Columns side="overview" aside={<Bone className="h-[416px] rounded-card" />}>
        <Bone className="h-[416px] rounded-card" />
      </Columns>
      <Bone className="h-[447px] rounded-card" />
    </Stack>
  </Skeleton>
);
