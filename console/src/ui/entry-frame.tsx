import type { ReactNode } from "react";
import retina from "@/assets/retina.webp";
import { Logo } from "@/ui/logo.tsx";
import { Noise } from "@/ui/noise.tsx";
import { PictureKey } from "@/ui/picture.tsx";

/** The frame of sign-in and registration: the form, and beside it what the disk sees and what you see. */
export function EntryFrame({ title, note, children }: { title: string; note: ReactNode; children: ReactNode }) {
  return (
    <div className="grid min-h-dvh lg:grid-cols-2">
      <main className="flex flex-col justify-center px-5 py-12 max-lg:justify-start">
        <div className="mx-auto w-full max-w-[360px]">
          <a href="/" className="mb-6 inline-block"><Logo /></a>
          <h1 tabIndex={-1} className="text-number">{title}</h1>
          <p className="mt-1 mb-6 text-muted">{note}</p>
          {children}
        </div>
        <PhoneNoise />
      </main>
      <aside aria-label="What encryption does" className="flex items-center justify-center border-l border-line bg-raised px-12 max-lg:hidden">
        <HalfAndHalf />
      </aside>
    </div>
  );
}

function HalfAndHalf() {
  return (
    <figure className="w-full max-w-[448px]">
      <div className="relative aspect-square overflow-hidden rounded-card">
        <img src={retina} alt="The left half is noise, the right half is a photograph of the back of an eye" width={448} height={448} className="size-full" />
        <div className="absolute inset-y-0 left-0 w-1/2 border-r-2 border-surface"><Noise columns={75} rows={150} seed="retina" /></div>
      </div>
      <figcaption className="mt-3">
        <span className="flex justify-between">
          <PictureKey whose="encrypted">What the disk sees</PictureKey>
          <PictureKey whose="yours">What you see</PictureKey>
        </span>
        <span className="mt-3 block text-muted">Fundus photograph, 1411 × 1411. Stored as the left half, opened as the right one, with a key that belongs to you.</span>
      </figcaption>
    </figure>
  );
}

const PhoneNoise = () => (
  <figure className="mx-auto mt-8 w-full max-w-[360px] lg:hidden">
    <div className="h-[120px] overflow-hidden rounded-picture border-2 border-iris"><Noise columns={116} rows={40} seed="phone" /></div>
    <figcaption className="mt-2 text-caption text-muted">This is a picture. What is in it, only its key says.</figcaption>
  </figure>
);
