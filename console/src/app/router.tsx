import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, type AnyRoute } from "@tanstack/react-router";
import { ErrorPage } from "@/app/error-page.tsx";
import { lightPages, type Layout } from "@/app/light-pages.ts";
import { navigation } from "@/app/navigation.ts";
import { NotFound } from "@/app/not-found.tsx";
import { parseSearch, writeSearch } from "@/lib/address.ts";
import { session } from "@/lib/session.ts";

interface Move {
  location: { href: string };
  preload: boolean;
}

interface Arrival extends Move {
  matches: { routeId: string }[];
}

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound, errorComponent: ErrorPage });

/** Load another page of the service. The promise holds the router until the browser has left. */
function leaveFor(address: string): Promise<never> {
  location.replace(address);
  return new Promise(() => undefined);
}

/** Pages of the shell need a session. Whoever has none is sent to sign in, and comes back. */
async function demandSession({ location, preload, matches }: Arrival): Promise<void> {
  // A session that ended while the page was open keeps the page: the shell asks to sign in on top of it.
  if (preload || session.state !== "unknown") return;
  // The code of the page is on its way while the service answers. If it fails, the router says so later.
  for (const { routeId } of matches) router.loadRouteChunk((router.routesById as Record<string, AnyRoute>)[routeId])?.catch(() => undefined);
  if (await session.resume()) return;
  await leaveFor(`/login?${new URLSearchParams({ next: location.href })}`);
}

const shell = createRoute({ id: "shell", getParentRoute: () => root, beforeLoad: demandSession, component: lazyRouteComponent(() => import("@/app/layouts/shell.tsx")) });
const open = createRoute({ id: "open", getParentRoute: () => root, component: lazyRouteComponent(() => import("@/app/layouts/open.tsx")) });

const pages = navigation.filter((page) => import.meta.env.DEV || !page.developmentOnly);

const routesOf = (layout: Layout, parent: AnyRoute): AnyRoute[] =>
  pages.filter((page) => page.layout === layout).map((page) => createRoute({ path: page.path, getParentRoute: () => parent, component: lazyRouteComponent(page.load) }) as AnyRoute);

/** Pages outside of the router: a link to one loads it. */
const lightRoutes = lightPages.map((page) =>
  createRoute({ path: page.path, getParentRoute: () => root, beforeLoad: ({ location, preload }: Move) => (preload ? undefined : leaveFor(location.href)) }),
);

export const router = createRouter({
  routeTree: root.addChildren([...lightRoutes, shell.addChildren(routesOf("shell", shell)), open.addChildren(routesOf("open", open))]),
  parseSearch,
  stringifySearch: writeSearch,
  defaultPreload: "intent",
  defaultErrorComponent: ErrorPage,
  scrollRestoration: true,
  // The page before stays until the next one has loaded; its skeletons are its own.
  defaultPendingMs: 10_000,
});
