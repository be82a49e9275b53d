import { SettingsFrame } from "@/features/settings/contents.tsx";
import { Advice } from "@/features/settings/security/advice.tsx";
import { FactorsSection } from "@/features/settings/security/factors.tsx";
import { Identities } from "@/features/settings/security/identities.tsx";
import { PasswordSection } from "@/features/settings/security/password.tsx";
import { SessionsSection } from "@/features/settings/security/sessions.tsx";
import { useIdentities } from "@/lib/identities.ts";

const ENTRIES = [
  { id: "password", name: "Sign-in" },
  { id: "factors", name: "Second factors" },
  { id: "sessions", name: "Login sessions" },
];
const PROVIDERS = { id: "providers", name: "Providers" };

/** How the user signs in, and where they are signed in. */
export default function SecurityPage() {
  const identities = useIdentities();
  const hasProviders = identities !== null && identities.linked.length + identities.open.length > 0;
  return (
    <SettingsFrame title="Security" here="/settings/security" entries={hasProviders ? [...ENTRIES, PROVIDERS] : ENTRIES}>
      <Advice />
      <PasswordSection />
      <FactorsSection />
      <SessionsSection />
      {hasProviders && <Identities {...identities} />}
    </SettingsFrame>
  );
}
