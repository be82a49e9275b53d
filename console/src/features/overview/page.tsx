import { Lock, LockOpen } from "lucide-react";
import { Bits } from "@/features/overview/bits.tsx";
import { useRecent } from "@/features/overview/data.ts";
import { Figures } from "@/features/overview/figures.tsx";
import { Needs } from "@/features/overview/needs.tsx";
import { Quota } from "@/features/overview/quota.tsx";
import { Recent } from "@/features/overview/recent.tsx";
import { Running } from "@/features/overview/running.tsx";
import { day } from "@/lib/format.ts";
import { useNow } from "@/lib/hooks.ts";
import { ButtonLink } from "@/ui/button-link.tsx";
import { Columns, PageHead, Stack } from "@/ui/page.tsx";

export default function OverviewPage() {
  const now = useNow(60_000);
  const { data } = useRecent();
  const isEmpty = data?.data.length === 0;
  const actions = (
    <>
      <ButtonLink icon={LockOpen} to="/decrypt">Decrypt</ButtonLink>
      <ButtonLink kind="iris" icon={Lock} shortcut="N" to="/encrypt">Encrypt</ButtonLink>
    </>
  );
  return (
    <>
      <PageHead title="Overview" note={day(now, true)} actions={!isEmpty && actions} />
      <Stack>
        {!isEmpty && <Figures />}
        <Columns side="overview" aside={<><Needs /><Quota /><Bits /></>}>
          <Running />
          <Recent />
        </Columns>
      </Stack>
    </>
  );
}
