import { ButtonAnchor } from "@/ui/button.tsx";
import { ButtonLink } from "@/ui/button-link.tsx";
import { Logo } from "@/ui/logo.tsx";

/** No page has this address. */
export function NotFound() {
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col justify-center px-5 py-10">
      <Logo className="mb-6" />
      <p className="numeric text-figure">404</p>
      <h1 tabIndex={-1} className="mt-2 text-title">There is no page at this address.</h1>
      <p className="mt-1 mb-6 text-muted">Check the address, or start from the overview.</p>
      <div className="flex gap-2">
        <ButtonLink kind="ink" to="/overview">Overview</ButtonLink>
        <ButtonAnchor href="/">Start page</ButtonAnchor>
      </div>
    </main>
  );
}
