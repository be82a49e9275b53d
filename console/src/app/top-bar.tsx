import { useRouterState } from "@tanstack/react-router";
import { CircleQuestionMark, Menu as MenuIcon, Moon, Search, Sun } from "lucide-react";
import { pageOf, type Matches } from "@/app/navigation.ts";
import { useStatus } from "@/app/status.ts";
import { chooseTheme, useTheme } from "@/lib/theme.ts";
import { Live } from "@/ui/badge.tsx";
import { IconButton } from "@/ui/button.tsx";
import { Kbd } from "@/ui/kbd.tsx";
import { Mark } from "@/ui/logo.tsx";

interface Props {
  onNavigation: () => void;
  onPalette: () => void;
  onShortcuts: () => void;
}

const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** The bar: search, state of the service, theme, shortcuts. On phones: navigation, title, search. */
export function TopBar({ onNavigation, onPalette, onShortcuts }: Props) {
  return (
    <header className="sticky top-0 z-10 border-b border-line bg-bg">
      <div className="mx-auto flex h-[55px] w-full max-w-[1200px] items-center justify-between gap-3 px-6 max-md:px-1.5">
        <IconButton icon={MenuIcon} label="Navigation" onClick={onNavigation} className="md:hidden [&_svg]:size-5" />
        <PhoneTitle />
        <button type="button" onClick={onPalette} className="flex h-[34px] w-80 items-center gap-2 rounded-control border border-line bg-surface pr-2 pl-2.5 text-body text-muted transition-colors hover:border-control max-md:hidden">
          <Search aria-hidden className="size-4" strokeWidth={1.75} />
          <span className="flex-1 text-left">Search or jump to…</span>
          <Kbd>{isApple ? "⌘ K" : "Ctrl K"}</Kbd>
        </button>
        <IconButton icon={Search} label="Search" onClick={onPalette} className="md:hidden [&_svg]:size-5" />
        <div className="flex items-center gap-1 max-md:hidden">
          <Status />
          <ThemeButton />
          <IconButton icon={CircleQuestionMark} label="Keyboard shortcuts" className="text-muted" onClick={onShortcuts} />
        </div>
      </div>
    </header>
  );
}

function PhoneTitle() {
  const page = useRouterState({ select: (state) => pageOf(state.matches as Matches) });
  return (
    <span className="flex items-center gap-2 text-[15px] font-semibold md:hidden">
      <Mark className="size-5" />
      {page?.label}
    </span>
  );
}

function Status() {
  const { liveness, sentence } = useStatus();
  return <span title={sentence} className="mr-1.5"><Live state={liveness} /></span>;
}

function ThemeButton() {
  const theme = useTheme();
  const other = theme === "dark" ? "light" : "dark";
  return <IconButton icon={theme === "dark" ? Sun : Moon} label={`Switch to ${other}`} className="text-muted" onClick={() => { chooseTheme(other); }} />;
}
