import { Appearance } from "@/features/settings/appearance.tsx";
import { SettingsFrame } from "@/features/settings/contents.tsx";
import { DataSection } from "@/features/settings/data.tsx";
import { Mails } from "@/features/settings/mails.tsx";
import { Profile } from "@/features/settings/profile.tsx";

const ENTRIES = [
  { id: "profile", name: "Profile" },
  { id: "appearance", name: "Appearance" },
  { id: "mail", name: "Mail" },
  { id: "data", name: "Your data" },
];

export default function SettingsPage() {
  return (
    <SettingsFrame title="Settings" here="/settings" entries={ENTRIES}>
      <Profile />
      <Appearance />
      <Mails />
      <DataSection />
    </SettingsFrame>
  );
}
