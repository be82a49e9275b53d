import { PageHead } from "@/ui/page.tsx";

export default function QuantumPage() {
  return <PageHead title="Quantum" />;
}
