import { PageHead } from "@/ui/page.tsx";

export default function LandingPage() {
  return <PageHead title="Landing" />;
}
