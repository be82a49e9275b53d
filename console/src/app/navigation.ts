import { Binary, ChartArea, GitCompareArrows, History, House, Layers, Lock, LockOpen, Settings, TrendingUp, UsersRound, Webhook, type LucideIcon } from "lucide-react";
import type { ComponentType } from "react";

/**
 * The frame around a page. In the router: `shell`, behind the login, and `open`, without session and frame.
 * Outside of it, so that they stay small: `site`, with header and footer, and `bare`. These use plain links and no queries.
 */
export type Layout = "shell" | "open" | "site" | "bare";
export type Section = "main" | "evidence" | "access";

export interface Page {
  /** A path of TanStack Router: `/jobs/$job`. */
  path: string;
  layout: Layout;
  /** The name in the sidebar, the palette and the bar of phones. */
  label: string;
  /** The title of the document, before "· ImageShield". */
  title: string;
  /** Its sentence for search engines. A page without one is not indexed. */
  description?: string;
  icon?: LucideIcon;
  /** Where the sidebar shows it; nowhere if left out. */
  section?: Section;
  /** The page that the sidebar marks instead. */
  under?: string;
  /** Keys that go there, outside of inputs. */
  shortcut?: string;
  /** For `vite dev` only. */
  developmentOnly?: boolean;
  load: () => Promise<{ default: ComponentType }>;
}

export const SECTIONS: { section: Section; name?: string }[] = [{ section: "main" }, { section: "evidence", name: "Evidence" }, { section: "access", name: "Access" }];

/** Every page of the console. Adding one is a file in features/ and an entry here. */
export const navigation: Page[] = [
  { path: "/", layout: "site", label: "Start", title: "Encrypt pictures on your own server", description: "A self-hosted service that encrypts pictures. You get back a picture of noise that only the key holder can open, with signed evidence of where every random bit came from.", load: () => import("@/features/landing/page.tsx") },
  { path: "/pricing", layout: "site", label: "Pricing", title: "Pricing", description: "The tiers of this installation of ImageShield, with their prices and limits.", load: () => import("@/features/pricing/page.tsx") },
  { path: "/guide", layout: "site", label: "Guide", title: "Guide", description: "How to encrypt a picture, keep its key, and open it again, in the console, from a program, and offline.", load: () => import("@/features/guide/page.tsx") },
  { path: "/login", layout: "bare", label: "Sign in", title: "Sign in", description: "Sign in to this installation of ImageShield.", load: () => import("@/features/login/page.tsx") },
  { path: "/register", layout: "bare", label: "Create an account", title: "Create an account", load: () => import("@/features/register/page.tsx") },
  { path: "/invitation", layout: "open", label: "Invitation", title: "Invitation", load: () => import("@/features/invitation/page.tsx") },
  { path: "/auth/callback/$provider", layout: "bare", label: "Sign in", title: "Signing in", load: () => import("@/features/callback/page.tsx") },
  { path: "/setup", layout: "open", label: "Set-up", title: "Set up this installation", load: () => import("@/features/setup/page.tsx") },

  { path: "/overview", layout: "shell", section: "main", label: "Overview", title: "Overview", icon: House, shortcut: "g o", load: () => import("@/features/overview/page.tsx") },
  { path: "/encrypt", layout: "shell", section: "main", label: "Encrypt", title: "Encrypt", icon: Lock, shortcut: "g e", load: () => import("@/features/encrypt/page.tsx") },
  { path: "/encrypt/$job", layout: "shell", under: "/encrypt", label: "Encrypt", title: "Encrypt", load: () => import("@/features/encrypt/page.tsx") },
  { path: "/decrypt", layout: "shell", section: "main", label: "Decrypt", title: "Decrypt", icon: LockOpen, shortcut: "g d", load: () => import("@/features/decrypt/page.tsx") },
  { path: "/decrypt/$job", layout: "shell", under: "/decrypt", label: "Decrypt", title: "Decrypt", load: () => import("@/features/decrypt/page.tsx") },
  { path: "/batch", layout: "shell", section: "main", label: "Batch", title: "Batch", icon: Layers, shortcut: "g b", load: () => import("@/features/batch/page.tsx") },
  { path: "/batches/$batch", layout: "shell", under: "/batch", label: "Batch", title: "Batch", load: () => import("@/features/batch/page.tsx") },
  { path: "/history", layout: "shell", section: "main", label: "History", title: "History", icon: History, shortcut: "g h", load: () => import("@/features/history/page.tsx") },
  { path: "/jobs/$job", layout: "shell", under: "/history", label: "Job", title: "Job", load: () => import("@/features/job/page.tsx") },

  { path: "/analytics", layout: "shell", section: "evidence", label: "Analytics", title: "Analytics", icon: ChartArea, shortcut: "g a", load: () => import("@/features/trends/page.tsx") },
  { path: "/analytics/compare", layout: "shell", under: "/analytics", label: "Compare", title: "Compare jobs", icon: GitCompareArrows, load: () => import("@/features/compare/page.tsx") },
  { path: "/analytics/$job", layout: "shell", under: "/analytics", label: "Analytics", title: "Analytics of a job", icon: TrendingUp, load: () => import("@/features/analytics/page.tsx") },
  { path: "/quantum", layout: "shell", section: "evidence", label: "Quantum", title: "Quantum", icon: Binary, shortcut: "g q", load: () => import("@/features/quantum/page.tsx") },

  { path: "/webhooks", layout: "shell", section: "access", label: "Webhooks", title: "Webhooks", icon: Webhook, shortcut: "g w", load: () => import("@/features/webhooks/page.tsx") },
  { path: "/webhooks/$webhook", layout: "shell", under: "/webhooks", label: "Webhook", title: "Webhook", load: () => import("@/features/webhooks/page.tsx") },
  { path: "/members", layout: "shell", section: "access", label: "Members", title: "Members", icon: UsersRound, shortcut: "g m", load: () => import("@/features/members/page.tsx") },
  { path: "/settings", layout: "shell", section: "access", label: "Settings", title: "Settings", icon: Settings, shortcut: "g s", load: () => import("@/features/settings/page.tsx") },

  { path: "/_components", layout: "open", label: "Components", title: "Components", developmentOnly: true, load: () => import("@/features/components/page.tsx") },
];

/** Pages that are shown without the router. */
export const isLight = ({ layout }: Page): boolean => layout === "site" || layout === "bare";

/** The page outside of the router that an address shows; `$name` in its path is one segment. */
export function lightPageAt(address: string): Page | undefined {
  const segments = address.replace(/(.)\/$/, "$1").split("/");
  return navigation.find((page) => {
    const parts = page.path.split("/");
    return isLight(page) && parts.length === segments.length && parts.every((part, index) => (part.startsWith("$") ? segments[index] !== "" : part === segments[index]));
  });
}

export type Matches = readonly { routeId: string; fullPath: string }[];

/** The entry of what the router has matched. */
export function pageOf(matches: Matches): Page | undefined {
  const match = matches.at(-1);
  // Where nothing matches, the router gives its root, whose path is that of the start page.
  if (match === undefined || match.routeId === "__root__") return undefined;
  const path = match.fullPath.replace(/(.)\/$/, "$1");
  return navigation.find((page) => page.path === path);
}
