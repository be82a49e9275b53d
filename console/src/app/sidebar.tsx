import { Link, useRouterState } from "@tanstack/react-router";
import { useEffect } from "react";
import { AccountMenu } from "@/app/account-menu.tsx";
import type { Page } from "@/app/light-pages.ts";
import { pageOf, pagesFor, SECTIONS, type Matches } from "@/app/navigation.ts";
import { useStatus } from "@/app/status.ts";
import { useAccount } from "@/lib/account.ts";
import { useMe } from "@/lib/api.ts";
import { cx } from "@/lib/cx.ts";
import { Live } from "@/ui/badge.tsx";
import { Sheet } from "@/ui/dialog.tsx";
import { Logo } from "@/ui/logo.tsx";

/** The navigation at the left, from 768 px. */
export function Sidebar() {
  return (
    <aside aria-label="Sidebar" className="sticky top-0 h-dvh border-r border-line max-md:hidden">
      <Content />
    </aside>
  );
}

/** The same as a sheet, on phones. It closes when a page is chosen. */
export function SidebarSheet({ open, onClose }: { open: boolean; onClose: () => void }) {
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(onClose, [path, onClose]);
  return (
    <Sheet open={open} onClose={onClose} title="Navigation" from="left">
      <Content />
    </Sheet>
  );
}

function Content() {
  const { liveness, sentence } = useStatus();
  const shown = pagesFor({ role: useAccount()?.role, operator: useMe().data?.operator });
  const sections = SECTIONS.map((section) => ({ ...section, pages: shown.filter((page) => page.section === section.section) }));
  return (
    <div className="flex h-full flex-col overflow-y-auto px-3 pb-3">
      <Link to="/overview" className="mt-[18px] mb-4 ml-2 self-start rounded-control text-[15px]">
        <Logo className="text-[15px]" />
      </Link>
      <nav aria-label="Console" className="flex-1">
        {sections.filter(({ pages }) => pages.length > 0).map(({ section, name, pages }) => (
          <div key={section}>
            {name && <h2 className="mt-3 mb-1 px-2.5 py-1 text-caption font-medium text-muted">{name}</h2>}
            <ul className="grid gap-0.5">
              {pages.map((page) => <li key={page.path}><Entry page={page} /></li>)}
            </ul>
          </div>
        ))}
      </nav>
      <div className="px-2.5 py-3"><Live state={liveness}>{sentence}</Live></div>
      <div className="border-t border-line pt-2.5"><AccountMenu /></div>
    </div>
  );
}

function Entry({ page }: { page: Page }) {
  const here = useRouterState({ select: (state) => pageOf(state.matches as Matches) });
  const active = here?.path === page.path || here?.under === page.path;
  const Icon = page.icon;
  return (
    <Link to={page.path} aria-current={active ? "page" : undefined} className={cx("flex h-8 items-center gap-2.5 rounded-control border px-[9px] text-body font-medium transition-colors max-md:h-11", active ? "border-line bg-raised text-ink" : "border-transparent text-muted hover:text-ink")}>
      {Icon && <Icon aria-hidden className="size-4" strokeWidth={1.75} />}
      {page.label}
    </Link>
  );
}
