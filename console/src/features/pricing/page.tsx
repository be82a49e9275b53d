import { PageHead } from "@/ui/page.tsx";

export default function PricingPage() {
  return <PageHead title="Pricing" />;
}
