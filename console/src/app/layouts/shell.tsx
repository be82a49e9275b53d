import { QueryClientProvider } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { ConfirmIdentity } from "@/app/confirm-identity.tsx";
import { ErasureBanner } from "@/app/erasure-banner.tsx";
import { OfflineBanner } from "@/app/offline-banner.tsx";
import { Palette } from "@/app/palette/palette.tsx";
import { SessionEnded } from "@/app/session-ended.tsx";
import { ShortcutsDialog } from "@/app/shortcuts-dialog.tsx";
import { Sidebar, SidebarSheet } from "@/app/sidebar.tsx";
import { useConsoleShortcuts } from "@/app/shortcuts.ts";
import { TopBar } from "@/app/top-bar.tsx";
import { queries } from "@/lib/api.ts";
import { Toaster } from "@/ui/toast.tsx";

/** The frame of every page behind the login. */
export default function Shell() {
  return (
    <QueryClientProvider client={queries}>
      <Frame />
    </QueryClientProvider>
  );
}

function Frame() {
  const { open, show, close } = useConsoleShortcuts();
  return (
    <>
      <a href="#content" className="sr-only z-50 rounded-control bg-ink px-4 py-2 text-bg focus:not-sr-only focus:fixed focus:top-2 focus:left-2">Skip to the content</a>
      <div className="md:grid md:grid-cols-[240px_minmax(0,1fr)]">
        <Sidebar />
        <div className="flex min-h-dvh min-w-0 flex-col">
          <TopBar onNavigation={() => { show("navigation"); }} onPalette={() => { show("palette"); }} onShortcuts={() => { show("shortcuts"); }} />
          <OfflineBanner />
          <ErasureBanner />
          <main id="content" tabIndex={-1} className="mx-auto w-full max-w-[1200px] flex-1 px-6 pt-7 pb-10 max-md:px-4 max-md:pt-5">
            <Outlet />
          </main>
        </div>
      </div>
      <SidebarSheet open={open === "navigation"} onClose={close} />
      <Palette open={open === "palette"} onClose={close} onShortcuts={() => { show("shortcuts"); }} />
      <ShortcutsDialog open={open === "shortcuts"} onClose={close} />
      <ConfirmIdentity />
      <SessionEnded />
      <Toaster />
    </>
  );
}
