import { EndpointPage } from "@/features/webhooks/endpoint.tsx";
import { EndpointsPage } from "@/features/webhooks/endpoints.tsx";
import { usePathParam } from "@/lib/address.ts";

/** All endpoints, or the one of the address. */
export default function WebhooksPage() {
  const id = usePathParam("webhook");
  return id === "" ? <EndpointsPage /> : <EndpointPage key={id} id={id} />;
}
