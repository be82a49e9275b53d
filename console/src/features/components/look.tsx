import retina from "@/assets/retina.webp";
import { Card } from "@/ui/card.tsx";
import { Noise } from "@/ui/noise.tsx";
import { Picture, PictureKey, PictureProgress, Tile } from "@/ui/picture.tsx";
import { Id } from "@/ui/copyable-id.tsx";
import type { ReactNode } from "react";

export const Sample = ({ title, children }: { title: string; children: ReactNode }) => (
  <Card className="p-5 pt-3">
    <h2 className="mb-2.5 text-caption font-medium text-muted">{title}</h2>
    {children}
  </Card>
);

const COLORS = [
  ["bg-ink", "Ink", "18.0 · 15.5"], ["bg-muted", "Muted", "6.6 · 7.3"], ["bg-amber", "Amber: yours", "5.0 · 9.1"], ["bg-iris", "Iris: encrypted", "6.2 · 6.2"],
  ["bg-ok", "Fine", "5.2 · 6.8 on tint"], ["bg-warn", "Notice", "5.9 · 9.3 on tint"], ["bg-bad", "Wrong", "5.5 · 6.7 on tint"], ["bg-control", "Control line", "3.4 · 3.7"],
] as const;

export const Colors = () => (
  <Sample title="Color and contrast">
    <ul className="grid grid-cols-2 gap-3">
      {COLORS.map(([color, name, contrast]) => (
        <li key={name} className="flex items-center gap-2.5 text-dense">
          <span className={`size-8 rounded-control ${color}`} />
          <span><span className="block font-medium">{name}</span><span className="text-caption text-muted">{contrast}</span></span>
        </li>
      ))}
    </ul>
  </Sample>
);

export const Type = () => (
  <Sample title="Type">
    <p className="text-display">Display</p>
    <p className="text-section">Section</p>
    <p className="numeric text-figure">512</p>
    <p className="numeric text-number">1,321 stat</p>
    <p className="text-title">Page title</p>
    <p className="text-card">Card title</p>
    <p>Body text, sentences</p>
    <p className="text-dense">Dense body</p>
    <p className="text-caption text-muted">Caption and chart text</p>
    <Id id="job_01a22275ae527e78a25afd4dba889d82" />
  </Sample>
);

export const Pictures = () => (
  <Sample title="Pictures: a 2-px frame says whose">
    <div className="grid grid-cols-3 gap-4">
      <Picture whose="yours" src={retina} alt="Back of an eye" />
      <figure>
        <div className="relative aspect-square overflow-hidden rounded-picture border-2 border-iris"><Noise columns={32} /></div>
        <figcaption className="mt-2.5"><PictureKey whose="encrypted" /></figcaption>
      </figure>
      <figure><PictureProgress src={retina} alt="Being encrypted" share={0.62} cells={32} /><figcaption className="numeric mt-2.5 text-dense font-medium">62 %</figcaption></figure>
    </div>
    <p className="mt-4 flex gap-2"><Tile id="a" /><Tile id="b" /><Tile id="c" kind="decrypt" /><Tile id="d" src={retina} size="medium" /></p>
  </Sample>
);
