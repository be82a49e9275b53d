import { PageHead } from "@/ui/page.tsx";

export default function OverviewPage() {
  return <PageHead title="Overview" />;
}
