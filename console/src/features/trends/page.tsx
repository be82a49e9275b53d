import { PageHead } from "@/ui/page.tsx";

export default function TrendsPage() {
  return <PageHead title="Analytics" />;
}
