import { QueryClientProvider } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { ConfirmIdentity } from "@/app/confirm-identity.tsx";
import { queries } from "@/lib/api.ts";
import { Toaster } from "@/ui/toast.tsx";

/** Pages that need no session and have no frame: the set-up, and invitations. */
export default function Open() {
  return (
    <QueryClientProvider client={queries}>
      <Outlet />
      <ConfirmIdentity />
      <Toaster />
    </QueryClientProvider>
  );
}
