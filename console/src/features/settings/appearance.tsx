import { Monitor, Moon, Sun } from "lucide-react";
import { Row, Section } from "@/features/settings/section.tsx";
import { showPreview, usePreviewShown } from "@/lib/preferences.ts";
import { chooseTheme, useThemeChoice, type ThemeChoice } from "@/lib/theme.ts";
import { Segmented, Switch, type Segment } from "@/ui/choice.tsx";

const THEMES: Segment<ThemeChoice>[] = [
  { value: "light", name: "Light", icon: Sun },
  { value: "dark", name: "Dark", icon: Moon },
  { value: "system", name: "System", icon: Monitor },
];

/** How the console looks in this browser. */
export function Appearance() {
  const choice = useThemeChoice();
  const preview = usePreviewShown();
  return (
    <Section id="appearance" title="Appearance">
      <Row title="Theme" note="Amber and iris keep their meaning in both" control={<Segmented legend="Theme" segments={THEMES} value={choice} onChange={chooseTheme} />} />
      <Row title="Preview while encrypting" note="Shows your picture on this screen; switch it off when others can see it" control={<Switch aria-label="Preview while encrypting" checked={preview} onChange={showPreview} />} />
    </Section>
  );
}
