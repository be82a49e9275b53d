import { CircleOff } from "lucide-react";
import { Button } from "@/ui/button.tsx";
import { Empty } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { TierCards, TierSkeleton } from "./tier-cards.tsx";
import { useTiers } from "./tiers.ts";

export default function PricingPage() {
  return (
    <div className="mx-auto w-full max-w-[1200px] px-6 py-14 max-md:px-4 max-md:py-8">
      <h1 tabIndex={-1} className="text-section">Pricing</h1>
      <p className="mt-2 max-w-[664px] text-lead text-muted">What the operator of this installation offers. The software itself is free: Apache-2.0, on your own machines.</p>
      <Offer />
      <Enforced />
    </div>
  );
}

function Offer() {
  const { offer, error, again } = useTiers();
  if (error !== null) return <ProblemMessage error={error} className="mt-8" action={<Button size="small" onClick={again}>Try again</Button>} />;
  if (offer === null) return <TierSkeleton />;
  if (offer.tiers.length === 0) return <Empty icon={CircleOff} title="No tiers are offered" action={<Button onClick={again}>Look again</Button>}>The operator’s file of tiers is empty.</Empty>;
  return <TierCards offer={offer} />;
}

/** What limits everyone, and what is not part of this release. */
const Enforced = () => (
  <section aria-labelledby="enforced" className="mt-10 grid gap-x-18 gap-y-6 border-t border-line pt-8 md:grid-cols-2">
    <div>
      <h2 id="enforced" className="text-title">Enforced, and not for sale here</h2>
      <p className="mt-2 text-muted">
        The limits of an account’s tier apply to everything that it sends: a request over a limit is refused, with the limit, its use and its reset. Card
        payment is not in this release. The operator decides which tier an account has.
      </p>
    </div>
    <div>
      <h2 className="text-title">Enforced for everyone</h2>
      <ul className="mt-2 grid gap-1.5 text-muted">
        <li>50 MB for a picture, and 100 pictures in a batch</li>
        <li>25 megapixels where pixels are encrypted, 200 where the file is</li>
        <li>PNG, JPEG, BMP, TIFF, WebP; others byte for byte, such as HEIC and raw files</li>
      </ul>
      <p className="mt-2 text-muted">The strength is the same 256 bits in every purity. <a href="/guide#purity" className="link text-ink">What purities do</a></p>
    </div>
  </section>
);
