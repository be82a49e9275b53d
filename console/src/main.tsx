import "@/lib/link-secret.ts"; // first: what a link carries leaves the address before anything else is loaded
import { lazy, StrictMode, Suspense, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { describe } from "@/app/document.ts";
import { LightBoundary } from "@/app/light-boundary.tsx";
import { lightPageAt, type Page } from "@/app/light-pages.ts";
import { whenEntering } from "@/lib/enter.ts";
import "@/styles.css";

const container = document.getElementById("root");
if (!container) throw new Error("index.html has no element with the id root");
const root = createRoot(container);

const show = (element: ReactNode): void => {
  root.render(
    <StrictMode>
      <LightBoundary>
        <Suspense>{element}</Suspense>
      </LightBoundary>
    </StrictMode>,
  );
};

const Console = lazy(() => import("@/app/console.tsx").then((module) => ({ default: module.Console })));
const Site = lazy(() => import("@/app/layouts/site.tsx"));

function showLight(page: Page): void {
  // Asked for at once: React would begin with it after the frame has come.
  const loading = page.load();
  const Content = lazy(() => loading);
  describe(page);
  show(page.layout === "site" ? <Site><Content /></Site> : <Content />);
}

// From the sign-in into the console without loading the document again: the access token is in this page's memory.
whenEntering(async (path) => {
  const { arriveFrom } = await import("@/app/console.tsx");
  arriveFrom(location.pathname);
  history.replaceState(null, "", path);
  show(<Console />);
});

// Back from the console to a page of the other kind must load it.
const light = lightPageAt(location.pathname);
if (light) showLight(light);
else show(<Console />);
