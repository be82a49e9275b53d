import { PageHead } from "@/ui/page.tsx";

export default function WebhooksPage() {
  return <PageHead title="Webhooks" />;
}
