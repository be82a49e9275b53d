import type { Role } from "@imageshield/client";
import { Binary, ChartArea, Gauge, GitCompareArrows, History, House, KeyRound, Layers, Lock, LockOpen, Mails, ScrollText, Settings, ShieldCheck, ShieldUser, TrendingUp, UsersRound, Webhook } from "lucide-react";
import { lightPages, type Page, type Section } from "./light-pages.ts"; // vite.routes.ts reads this file, and knows no alias

export const SECTIONS: { section: Section; name?: string }[] = [{ section: "main" }, { section: "evidence", name: "Evidence" }, { section: "access", name: "Access" }, { section: "operate", name: "Operate" }];

const REVIEWERS: readonly Role[] = ["owner", "admin", "auditor"];

/** Every page of the console. Adding one is a file in features/ and an entry here; a light page has its entry there. */
export const navigation: Page[] = [
  ...lightPages,

  { path: "/invitation", layout: "open", label: "Invitation", title: "Invitation", load: () => import("@/features/invitation/page.tsx") },
  { path: "/reset-factors", layout: "open", label: "Reset", title: "Reset your second factors", load: () => import("@/features/reset-factors/page.tsx") },
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
  { path: "/audit", layout: "shell", section: "evidence", roles: REVIEWERS, label: "Audit log", title: "Audit log", icon: ScrollText, shortcut: "g l", load: () => import("@/features/audit/page.tsx") },

  { path: "/api-keys", layout: "shell", section: "access", label: "API keys", title: "API keys", icon: KeyRound, shortcut: "g p", roles: REVIEWERS, load: () => import("@/features/api-keys/page.tsx") },
  { path: "/webhooks", layout: "shell", section: "access", label: "Webhooks", title: "Webhooks", icon: Webhook, shortcut: "g w", load: () => import("@/features/webhooks/page.tsx") },
  { path: "/webhooks/$webhook", layout: "shell", under: "/webhooks", label: "Webhook", title: "Webhook", load: () => import("@/features/webhooks/page.tsx") },
  { path: "/members", layout: "shell", section: "access", label: "Members", title: "Members", icon: UsersRound, shortcut: "g m", load: () => import("@/features/members/page.tsx") },
  { path: "/usage", layout: "shell", section: "access", label: "Usage", title: "Usage", icon: Gauge, shortcut: "g u", load: () => import("@/features/usage/page.tsx") },
  { path: "/settings", layout: "shell", section: "access", label: "Settings", title: "Settings", icon: Settings, shortcut: "g s", load: () => import("@/features/settings/page.tsx") },
  { path: "/settings/security", layout: "shell", under: "/settings", label: "Security", title: "Security", icon: ShieldCheck, load: () => import("@/features/settings/security/page.tsx") },

  { path: "/admin", layout: "shell", section: "operate", forOperators: true, label: "Administration", title: "Administration", icon: ShieldUser, load: () => import("@/features/admin/page.tsx") },
  { path: "/admin/accounts/$account", layout: "shell", under: "/admin", label: "Account", title: "Account", load: () => import("@/features/admin/page.tsx") },
  { path: "/admin/users/$user", layout: "shell", under: "/admin", label: "User", title: "User", load: () => import("@/features/admin/page.tsx") },

  { path: "/outbox", layout: "shell", section: "operate", forOperators: true, label: "Outbox", title: "Outbox", icon: Mails, load: () => import("@/features/outbox/page.tsx") },

  { path: "/_components", layout: "open", label: "Components", title: "Components", developmentOnly: true, load: () => import("@/features/components/page.tsx") },
];

/** Who reads the console: their role in the account, undefined until it is known, and whether they are an operator. */
export interface Reader {
  role?: Role | null | undefined;
  operator?: boolean | undefined;
}

/** The pages for a reader; those of every role as long as it is not known. */
export const pagesFor = ({ role, operator }: Reader): Page[] =>
  navigation.filter((page) => (role == null || page.roles === undefined || page.roles.includes(role)) && (operator === true || page.forOperators !== true));

export type Matches = readonly { routeId: string; fullPath: string }[];

/** The entry of what the router has matched. */
export function pageOf(matches: Matches): Page | undefined {
  const match = matches.at(-1);
  // Where nothing matches, the router gives its root, whose path is that of the start page.
  if (match === undefined || match.routeId === "__root__") return undefined;
  const path = match.fullPath.replace(/(.)\/$/, "$1");
  return navigation.find((page) => page.path === path);
}
