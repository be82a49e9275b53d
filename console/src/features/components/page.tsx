import { Charts } from "@/features/components/charts.tsx";
import { Buttons, Inputs, Bars, Skeletons } from "@/features/components/controls.tsx";
import { Colors, Pictures, Type } from "@/features/components/look.tsx";
import { EmptyState, Messages, Notices, Question, States } from "@/features/components/states.tsx";
import { Logo, Mark } from "@/ui/logo.tsx";
import { Stack } from "@/ui/page.tsx";
import { Lists } from "@/features/components/lists.tsx";

/** Every component, to hold beside look/components-*.png. In `vite dev` only. */
export default function ComponentsPage() {
  return (
    <main className="mx-auto max-w-[1440px] px-12 py-10 max-md:px-4">
      <header className="mb-6 flex items-baseline justify-between">
        <h1 className="flex items-center gap-3 text-number"><Mark className="size-7" /> Components</h1>
        <p className="text-muted">8-px grid, cards 12, controls 8, chips 6</p>
      </header>
      <div className="grid items-start gap-4 lg:grid-cols-[424px_minmax(0,1fr)_424px]">
        <Stack><Colors /><Type /><Pictures /><Question /></Stack>
        <Stack><Buttons /><Inputs /><Bars /><Skeletons /></Stack>
        <Stack><States /><Messages /><Notices /><EmptyState /></Stack>
      </div>
      <div className="mt-4"><Lists /></div>
      <div className="mt-4"><Charts /></div>
      <p className="mt-8"><Logo /></p>
    </main>
  );
}
