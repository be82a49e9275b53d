import { RouterProvider } from "@tanstack/react-router";
import { describe, focusHeading } from "@/app/document.ts";
import { pageOf, type Matches } from "@/app/navigation.ts";
import { hideKeptPage } from "@/app/kept-page.ts";
import { router } from "@/app/router.tsx";

hideKeptPage();

let before: string | undefined;
router.subscribe("onRendered", () => {
  const { location, matches } = router.state;
  describe(pageOf(matches as Matches));
  if (before !== undefined && before !== location.pathname) focusHeading();
  before = location.pathname;
});

/** The person comes from a page outside of the router, so the first page is a navigation as well. */
export function arriveFrom(path: string): void {
  before = path;
}

/** Every page that needs the router. */
export const Console = () => <RouterProvider router={router} />;
