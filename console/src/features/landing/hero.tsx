import { ArrowDown, Key, Lock, type LucideIcon } from "lucide-react";
import { cx } from "@/lib/cx.ts";
import { duration } from "@/lib/format.ts";
import { hasSignedIn } from "@/lib/signed-in.ts";
import { ButtonAnchor } from "@/ui/button.tsx";
import { Picture } from "@/ui/picture.tsx";
import astronaut from "./example/astronaut.webp";
import noise from "./example/noise.png";
import { example } from "./receipt.ts";
import { Width } from "./section.tsx";

/** The idea before any word about it: picture, noise, picture. */
export function Hero() {
  return (
    <Width className="pt-14 pb-18 max-md:pt-8 max-md:pb-12">
      <h1 tabIndex={-1} className="text-display max-md:text-section">Keep the picture. Show the noise.</h1>
      <div className="mt-3 flex items-end justify-between gap-x-12 gap-y-6 max-lg:flex-wrap">
        <p className="max-w-[664px] text-[18px] leading-7 text-muted max-md:text-lead">
          ImageShield encrypts images on your own servers. You get back a picture that anyone can look at and only the key holder can open, with
          signed evidence of where every random bit came from.
        </p>
        <WaysIn />
      </div>
      <ThereAndBack />
    </Width>
  );
}

const WaysIn = () => (
  <div className="flex shrink-0 gap-3 max-md:w-full max-md:flex-col">
    {hasSignedIn() ? (
      <ButtonAnchor kind="ink" size="large" href="/overview">Open the console</ButtonAnchor>
    ) : (
      <ButtonAnchor kind="iris" size="large" icon={Lock} href="/login?next=%2Fencrypt">Encrypt a sample</ButtonAnchor>
    )}
    <ButtonAnchor size="large" href="#self-host">Run it yourself</ButtonAnchor>
  </div>
);

const CROP = "max-md:[&_img]:aspect-[2/1] max-md:[&_img]:object-cover max-md:[&_img]:object-[50%_20%]";
const BACK = "The same portrait again";

function ThereAndBack() {
  return (
    <div className="mt-12 grid max-md:mt-8 max-md:gap-3 md:grid-cols-[1fr_72px_1fr_72px_1fr]">
      <Picture first whose="yours" src={astronaut} width={512} height={512} alt="Portrait of an astronaut in an orange suit" note="512 × 512 PNG, 792 kB" className={CROP} />
      <Step icon={Lock} word="encrypt" fact={duration(example.seconds)} color="text-iris" fill="bg-iris" />
      <Picture whose="encrypted" src={noise} width={336} height={336} alt="Colored noise: the middle of the encrypted picture, enlarged four times" note="same size; its middle, enlarged" className={CROP} />
      <Step icon={Key} word="decrypt" fact="key file" color="text-amber" fill="bg-amber" />
      <Picture whose="yours" src={astronaut} width={512} height={512} alt={BACK} label="Back again" note="every pixel identical" className={CROP} />
    </div>
  );
}

/** What lies between two pictures: on phones a line, elsewhere a column of the height of the pictures. */
function Step({ icon: Icon, word, fact, color, fill }: { icon: LucideIcon; word: string; fact: string; color: string; fill: string }) {
  return (
    <p className="flex items-center justify-center gap-2 text-dense md:mb-7 md:flex-col md:gap-1">
      <span className={cx("flex size-9 items-center justify-center rounded-full text-on-fill max-md:hidden", fill)}><Icon aria-hidden className="size-4" strokeWidth={1.75} /></span>
      <ArrowDown aria-hidden className={cx("size-4 md:hidden", color)} strokeWidth={1.75} />
      <span className={cx("font-medium", color)}>{word}</span>
      <span className="text-caption text-muted">{fact}</span>
    </p>
  );
}
