import type { Me } from "@imageshield/client";
import { Monitor, Moon, Sun } from "lucide-react";
import { Identities } from "@/features/settings/identities.tsx";
import { useMe } from "@/lib/api.ts";
import { day } from "@/lib/format.ts";
import { showPreview, usePreviewShown } from "@/lib/preferences.ts";
import { chooseTheme, useThemeChoice, type ThemeChoice } from "@/lib/theme.ts";
import { Badge } from "@/ui/badge.tsx";
import { Card, CardHead, CardPart, KeyValues } from "@/ui/card.tsx";
import { Segmented, Switch, type Segment } from "@/ui/choice.tsx";
import { CopyableId } from "@/ui/copyable-id.tsx";
import { Bone, Skeleton } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { PageHead, Stack } from "@/ui/page.tsx";

export default function SettingsPage() {
  return (
    <>
      <PageHead title="Settings" />
      <div className="grid items-start gap-8 md:grid-cols-[176px_minmax(0,1fr)] max-md:gap-4">
        <Contents />
        <Stack>
          <Profile />
          <Identities />
          <Appearance />
        </Stack>
      </div>
    </>
  );
}

const Contents = () => (
  <nav aria-label="Settings" className="sticky top-20 grid gap-0.5 max-md:hidden">
    {["Profile", "Appearance"].map((name) => (
      <a key={name} href={`#${name.toLowerCase()}`} className="flex h-8 items-center rounded-control px-2.5 font-medium text-muted hover:bg-raised hover:text-ink">{name}</a>
    ))}
  </nav>
);

const VALUES = {
  Email: (me: Me) => me.email,
  Tier: (me: Me) => <span className="capitalize">{me.tier}</span>,
  Account: (me: Me) => <CopyableId id={me.account_id} what="account id" />,
  User: (me: Me) => <CopyableId id={me.user_id} what="user id" />,
  Since: (me: Me) => day(new Date(me.created_at)),
  Rights: (me: Me) => <span className="font-mono">{me.scopes.join(", ")}</span>,
};

const NAMES = Object.keys(VALUES) as (keyof typeof VALUES)[];

function Profile() {
  const me = useMe();
  return (
    <div id="profile" className="scroll-mt-20">
      <Card>
        <CardHead lined title="Profile" aside={me.data && <Badge>{me.data.operator ? "Operator" : "Member"}</Badge>} />
        <CardPart tight>
          {me.isPending && <Skeleton><KeyValues items={NAMES.map((name) => ({ name, value: <Bone className="my-[3px] h-3.5 w-48 max-w-full" /> }))} /></Skeleton>}
          {me.isError && <ProblemMessage error={me.error} />}
          {me.data && <KeyValues items={NAMES.map((name) => ({ name, value: VALUES[name](me.data) }))} />}
        </CardPart>
      </Card>
    </div>
  );
}

const THEMES: Segment<ThemeChoice>[] = [
  { value: "light", name: "Light", icon: Sun },
  { value: "dark", name: "Dark", icon: Moon },
  { value: "system", name: "System", icon: Monitor },
];

function Appearance() {
  const choice = useThemeChoice();
  const preview = usePreviewShown();
  return (
    <div id="appearance" className="scroll-mt-20">
      <Card>
        <CardHead lined title="Appearance" />
        <CardPart tight className="flex flex-wrap items-center justify-between gap-3">
          <div>
            <p className="font-medium">Theme</p>
            <p className="text-caption text-muted">Amber and iris keep their meaning in both</p>
          </div>
          <Segmented legend="Theme" segments={THEMES} value={choice} onChange={chooseTheme} />
        </CardPart>
        <CardPart tight className="flex items-center justify-between gap-3">
          <div>
            <p className="font-medium">Preview while encrypting</p>
            <p className="text-caption text-muted">Shows your picture on this screen; switch it off when others can see it</p>
          </div>
          <Switch aria-label="Preview while encrypting" checked={preview} onChange={showPreview} />
        </CardPart>
      </Card>
    </div>
  );
}
