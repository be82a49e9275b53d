import { CloseRow } from "@/features/settings/close.tsx";
import { ClosedAccounts } from "@/features/settings/closed.tsx";
import { ExportRow } from "@/features/settings/export.tsx";
import { Section } from "@/features/settings/section.tsx";

/** What belongs to the user: a copy of it, and its end. */
export const DataSection = () => (
  <Section id="data" title="Your data">
    <ExportRow />
    <CloseRow />
    <ClosedAccounts />
  </Section>
);
