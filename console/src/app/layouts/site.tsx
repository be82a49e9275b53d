import type { ReactNode } from "react";
import { ButtonAnchor } from "@/ui/button.tsx";
import { Logo, Mark } from "@/ui/logo.tsx";

const LINKS = [
  { to: "/guide", name: "Guide" },
  { to: "/pricing", name: "Pricing" },
];

/** The frame of the public pages: a header with the way in, and a footer. */
export default function Site({ children }: { children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <a href="#content" className="sr-only z-50 rounded-control bg-ink px-4 py-2 text-bg focus:not-sr-only focus:fixed focus:top-2 focus:left-2">Skip to the content</a>
      <header className="border-b border-line">
        <div className="mx-auto flex h-16 w-full max-w-[1200px] items-center justify-between gap-4 px-6 max-md:px-4">
          <a href="/"><Logo /></a>
          <nav aria-label="Site" className="flex gap-7 text-body text-muted max-md:hidden">
            {LINKS.map((link) => <a key={link.to} href={link.to} aria-current={link.to === location.pathname ? "page" : undefined} className="hover:text-ink aria-[current]:text-ink">{link.name}</a>)}
            <a href="/docs" className="hover:text-ink">API reference</a>
          </nav>
          <div className="flex items-center gap-2">
            <ButtonAnchor kind="ghost" href="/login">Sign in</ButtonAnchor>
            <span className="max-md:hidden"><ButtonAnchor kind="ink" href="/register">Create an account</ButtonAnchor></span>
          </div>
        </div>
      </header>
      <main id="content" tabIndex={-1} className="flex-1">{children}</main>
      <footer className="border-t border-line">
        <div className="mx-auto flex w-full max-w-[1200px] flex-wrap items-center justify-between gap-4 px-6 py-6 text-dense text-muted max-md:px-4">
          <span className="flex items-center gap-2"><Mark className="size-4.5" /> Quantum-Seed ImageShield</span>
          <nav aria-label="More" className="flex flex-wrap gap-5">
            {LINKS.map((link) => <a key={link.to} href={link.to} className="hover:text-ink">{link.name}</a>)}
            <a href="/docs" className="hover:text-ink">API reference</a>
          </nav>
        </div>
      </footer>
    </div>
  );
}
