import { useState } from "react";
import { AppRow } from "@/features/settings/security/app.tsx";
import { useFactors } from "@/features/settings/security/data.ts";
import { PasskeyRows } from "@/features/settings/security/passkeys.tsx";
import { CodesDialog, CodesRow } from "@/features/settings/security/recovery-codes.tsx";
import { Section } from "@/features/settings/section.tsx";
import { Badge } from "@/ui/badge.tsx";
import { CardPart } from "@/ui/card.tsx";
import { SkeletonRows } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";

/** What the user signs in with besides the password. */
export function FactorsSection() {
  const { data, error, isPending } = useFactors();
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  return (
    <Section
      id="factors"
      title="Second factors"
      note="From the first one on, a password alone does not sign you in"
      aside={data && (data.second_factor ? <Badge tone="ok">On</Badge> : <Badge>Off</Badge>)}
    >
      {isPending && <SkeletonRows rows={3} />}
      {error && <CardPart><ProblemMessage error={error} /></CardPart>}
      {data && <AppRow app={data.authenticator_app} isLast={data.passkeys.length === 0} onCodes={setCodes} />}
      {data && <PasskeyRows factors={data} onCodes={setCodes} />}
      {data?.second_factor && <CodesRow codes={data.recovery_codes} onCodes={setCodes} />}
      {codes !== null && <CodesDialog codes={codes} onDone={() => { setCodes(null); }} />}
    </Section>
  );
}
