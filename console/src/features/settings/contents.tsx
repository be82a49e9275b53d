import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { cx } from "@/lib/cx.ts";
import { PageHead, Stack } from "@/ui/page.tsx";

/** A part of a page, and its anchor. */
export interface Entry {
  id: string;
  name: string;
}

const PAGES = [
  { to: "/settings", name: "General" },
  { to: "/settings/security", name: "Security" },
];

/** A page of the settings: the list of all of them, and below the one that is shown its parts. On phones the pages stand above. */
export function SettingsFrame({ title, here, entries, children }: { title: string; here: string; entries: Entry[]; children: ReactNode }) {
  return (
    <>
      <PageHead title={title} />
      <div className="grid items-start gap-8 md:grid-cols-[176px_minmax(0,1fr)] max-md:gap-4">
        <nav aria-label="Settings" className="sticky top-20 grid gap-3 max-md:static max-md:grid-flow-col max-md:justify-start max-md:gap-1">
          {PAGES.map(({ to, name }) => (
            <div key={to} className="grid gap-0.5">
              <Link to={to} aria-current={to === here ? "page" : undefined} className={cx("flex h-8 items-center rounded-control px-2.5 font-medium hover:bg-raised max-md:h-11 max-md:px-4", to === here ? "bg-raised text-ink" : "text-muted hover:text-ink")}>{name}</Link>
              {to === here && entries.map((entry) => <a key={entry.id} href={`#${entry.id}`} className="ml-2.5 flex min-h-8 items-center border-l border-line pl-3 text-dense text-muted hover:border-ink hover:text-ink max-md:hidden">{entry.name}</a>)}
            </div>
          ))}
        </nav>
        <Stack>{children}</Stack>
      </div>
    </>
  );
}
