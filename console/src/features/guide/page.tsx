import { PageHead } from "@/ui/page.tsx";

export default function GuidePage() {
  return <PageHead title="Guide" />;
}
