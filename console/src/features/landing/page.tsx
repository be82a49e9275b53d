import { useAnchor } from "@/lib/anchor.ts";
import { useFirstVisit } from "@/lib/first-visit.ts";
import { Developers } from "./developers.tsx";
import { Evidence } from "./evidence.tsx";
import { Hero } from "./hero.tsx";
import { HowItWorks } from "./how-it-works.tsx";
import { Limits } from "./limits.tsx";
import { SelfHost } from "./self-host.tsx";

export default function LandingPage() {
  useFirstVisit();
  useAnchor();
  return (
    <>
      <Hero />
      <HowItWorks />
      <Evidence />
      <Developers />
      <SelfHost />
      <Limits />
    </>
  );
}
