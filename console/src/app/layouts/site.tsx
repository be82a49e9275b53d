import { Menu as MenuIcon } from "lucide-react";
import type { ReactNode } from "react";
import { hasSignedIn } from "@/lib/signed-in.ts";
import { ButtonAnchor, buttonClass } from "@/ui/button.tsx";
import { Logo, Mark } from "@/ui/logo.tsx";

interface Place {
  to: string;
  name: string;
}

const PLACES: Place[] = [
  { to: "/#how", name: "How it works" },
  { to: "/#evidence", name: "Evidence" },
  { to: "/#self-host", name: "Self-host" },
  { to: "/guide", name: "Guide" },
  { to: "/pricing", name: "Pricing" },
  { to: "/docs", name: "API reference" },
];

const MORE: Place[] = [
  { to: "/guide", name: "Guide" },
  { to: "/pricing", name: "Pricing" },
  { to: "/docs", name: "API reference" },
  { to: "/open.html", name: "Opener" },
];

/** The frame of the public pages: a header with the way in, and a footer. */
export default function Site({ children }: { children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <a href="#content" className="sr-only z-50 rounded-control bg-ink px-4 py-2 text-bg focus:not-sr-only focus:fixed focus:top-2 focus:left-2">Skip to the content</a>
      <header className="border-b border-line">
        <div className="relative mx-auto flex h-16 w-full max-w-[1200px] items-center justify-between gap-4 px-6 max-md:px-4">
          <a href="/" className="max-md:flex max-md:min-h-11 max-md:items-center"><Logo /></a>
          <nav aria-label="Site" className="flex gap-7 text-body text-muted max-lg:hidden">
            {PLACES.map((place) => <a key={place.to} href={place.to} aria-current={current(place)} className="hover:text-ink aria-[current]:text-ink">{place.name}</a>)}
          </nav>
          <WaysIn />
        </div>
      </header>
      <main id="content" tabIndex={-1} className="flex-1">{children}</main>
      <footer className="border-t border-line">
        <div className="mx-auto flex w-full max-w-[1200px] flex-wrap items-center justify-between gap-4 px-6 py-6 text-dense text-muted max-md:px-4">
          <span className="flex items-center gap-2"><Mark className="size-4.5" /> Quantum-Seed ImageShield</span>
          <nav aria-label="More" className="flex flex-wrap gap-x-5 max-md:w-full">
            {MORE.map((place) => <a key={place.to} href={place.to} className="inline-flex min-h-11 items-center hover:text-ink md:min-h-6">{place.name}</a>)}
          </nav>
        </div>
      </footer>
    </div>
  );
}

const current = ({ to }: Place): "page" | undefined => (to === location.pathname ? "page" : undefined);

function WaysIn() {
  const signedIn = hasSignedIn();
  return (
    <div className="flex items-center gap-2">
      {signedIn ? (
        <ButtonAnchor kind="ink" href="/overview"><span>Open<span className="max-md:sr-only"> the console</span></span></ButtonAnchor>
      ) : (
        <>
          <ButtonAnchor kind="ghost" href="/login">Sign in</ButtonAnchor>
          <span className="max-md:hidden"><ButtonAnchor kind="ink" href="/register">Create an account</ButtonAnchor></span>
        </>
      )}
      <PhoneMenu places={signedIn ? PLACES : [...PLACES, { to: "/register", name: "Create an account" }]} />
    </div>
  );
}

/** The places of the header where it has no room for them. It closes when a place is chosen, also on the same page. */
const PhoneMenu = ({ places }: { places: Place[] }) => (
  <details className="lg:hidden" onClick={(event) => { if (event.target instanceof HTMLAnchorElement) event.currentTarget.open = false; }}>
    <summary aria-label="Menu" className={`${buttonClass({ kind: "ghost" })} w-11 list-none px-0! [&::-webkit-details-marker]:hidden`}><MenuIcon aria-hidden className="size-5" strokeWidth={1.75} /></summary>
    <nav aria-label="Site, menu" className="absolute inset-x-0 top-16 z-20 grid border-y border-line bg-surface px-6 py-2 shadow-float max-md:px-4">
      {places.map((place) => <a key={place.to} href={place.to} aria-current={current(place)} className="flex min-h-11 items-center border-hairline text-body not-first:border-t">{place.name}</a>)}
    </nav>
  </details>
);
