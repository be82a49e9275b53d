import { Component, type ReactNode } from "react";
import { Button } from "@/ui/button.tsx";

/** What is shown where a page outside of the router fails, or a part of it cannot be loaded. */
export class LightBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    return this.state.failed ? <Failed /> : this.props.children;
  }
}

const Failed = () => (
  <main className="mx-auto flex min-h-dvh max-w-md flex-col items-start justify-center gap-4 px-5">
    <h1 className="text-title">This page could not be loaded.</h1>
    <p className="text-muted">A part of it is missing: the network was cut, or the service was updated meanwhile.</p>
    <Button kind="ink" onClick={() => { location.reload(); }}>Load it again</Button>
  </main>
);
