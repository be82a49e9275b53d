import type { Role } from "@imageshield/client";
import type { LucideIcon } from "lucide-react";
import type { ComponentType } from "react";

/**
 * The frame around a page. In the router: `shell`, behind the login, and `open`, without session and frame.
 * Outside of it, so that they stay small: `site`, with header and footer, and `bare`. These use plain links and no queries.
 */
export type Layout = "shell" | "open" | "site" | "bare";
export type Section = "main" | "evidence" | "access" | "operate";

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
  /** The roles for which the sidebar and the palette show it; all if left out. */
  roles?: readonly Role[];
  /** Only operators see it in the sidebar and the palette. */
  forOperators?: boolean;
  /** For `vite dev` only. */
  developmentOnly?: boolean;
  load: () => Promise<{ default: ComponentType }>;
}

/** The pages that are shown without the router. They are a table of their own, so that a visitor does not load the whole console's. */
export const lightPages: Page[] = [
  { path: "/", layout: "site", label: "Start", title: "Encrypt pictures on your own server", description: "A self-hosted service that encrypts pictures. You get back a picture of noise that only the key holder can open, with signed evidence of where every random bit came from.", load: () => import("@/features/landing/page.tsx") },
  { path: "/pricing", layout: "site", label: "Pricing", title: "Pricing", description: "The tiers of this installation of ImageShield, with their prices and limits.", load: () => import("@/features/pricing/page.tsx") },
  { path: "/guide", layout: "site", label: "Guide", title: "Guide", description: "How to encrypt a picture, keep its key, and open it again, in the console, from a program, and offline.", load: () => import("@/features/guide/page.tsx") },
  { path: "/login", layout: "bare", label: "Sign in", title: "Sign in", description: "Sign in to this installation of ImageShield.", load: () => import("@/features/login/page.tsx") },
  { path: "/register", layout: "bare", label: "Create an account", title: "Create an account", load: () => import("@/features/register/page.tsx") },
  { path: "/verify-email", layout: "bare", label: "Confirm your address", title: "Confirm your address", load: () => import("@/features/verify-email/page.tsx") },
  { path: "/confirm-email", layout: "bare", label: "Confirm your address", title: "Confirm your new address", load: () => import("@/features/confirm-email/page.tsx") },
  { path: "/forgot-password", layout: "bare", label: "Forgot your password?", title: "Forgot your password?", load: () => import("@/features/forgot-password/page.tsx") },
  { path: "/reset-password", layout: "bare", label: "Set a new password", title: "Set a new password", load: () => import("@/features/reset-password/page.tsx") },
  { path: "/auth/callback/$provider", layout: "bare", label: "Sign in", title: "Signing in", load: () => import("@/features/callback/page.tsx") },
];

/** The page outside of the router that an address shows; `$name` in its path is one segment. */
export function lightPageAt(address: string): Page | undefined {
  const segments = address.replace(/(.)\/$/, "$1").split("/");
  return lightPages.find((page) => {
    const parts = page.path.split("/");
    return parts.length === segments.length && parts.every((part, index) => (part.startsWith("$") ? segments[index] !== "" : part === segments[index]));
  });
}
