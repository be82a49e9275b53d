import { FolderArchive, LockOpen } from "lucide-react";
import type { CSSProperties, ReactNode } from "react";
import { cx } from "@/lib/cx.ts";
import { Noise } from "@/ui/noise.tsx";

type Whose = "yours" | "encrypted";
const FRAME = "relative overflow-hidden after:pointer-events-none after:absolute after:inset-0 after:rounded-[inherit] after:border-2";
const FRAMES: Record<Whose, string> = { yours: "after:border-amber", encrypted: "after:border-iris" };

interface Props {
  whose: Whose;
  src: string;
  alt: string;
  /** The word below; "Your picture" or "Encrypted" if left out, none if null. */
  label?: ReactNode;
  /** Muted, right of the word. */
  note?: ReactNode;
  className?: string;
  width?: number;
  height?: number;
  /** What the page is about: load it before the others. */
  first?: boolean;
  onLoad?: (image: HTMLImageElement) => void;
}

/** A picture in its frame: amber is yours, iris is the encrypted one. Never cropped. */
export function Picture({ whose, src, alt, label, note, className, width, height, first, onLoad }: Props) {
  return (
    <figure className={cx("min-w-0", className)}>
      <div className={cx(FRAME, FRAMES[whose], "rounded-picture")}>
        <img src={src} alt={alt} {...(first && { fetchPriority: "high" })} {...(width && { width })} {...(height && { height })} {...(onLoad && { onLoad: (event) => { onLoad(event.currentTarget); } })} className={cx("block h-auto w-full", whose === "encrypted" && "pixelated")} />
      </div>
      {label !== null && <PictureCaption whose={whose} note={note}>{label}</PictureCaption>}
    </figure>
  );
}

/** A 10-px square, the word, and a fact at the right. */
export function PictureCaption({ whose, note, children }: { whose: Whose; note?: ReactNode; children?: ReactNode }) {
  return (
    <figcaption className="mt-2.5 flex items-baseline justify-between gap-3 text-dense">
      <PictureKey whose={whose}>{children}</PictureKey>
      {note && <span className="truncate text-caption text-muted">{note}</span>}
    </figcaption>
  );
}

export const PictureKey = ({ whose, children }: { whose: Whose; children?: ReactNode }) => (
  <span className="inline-flex items-center gap-2 text-dense font-medium">
    <span aria-hidden className={cx("size-2.5 rounded-[3px]", whose === "yours" ? "bg-amber" : "bg-iris")} />
    {children ?? (whose === "yours" ? "Your picture" : "Encrypted")}
  </span>
);

/** The picture is the progress: noise takes over from the top by the share of bytes done. Without `src` the rest is plain amber. `ratio` is width to height. */
export function PictureProgress({ src, alt, share, seed = "progress", cells = 96, ratio = 1, className }: { src?: string | undefined; alt: string; share: number; seed?: string; cells?: number; ratio?: number; className?: string }) {
  const done = Math.min(1, Math.max(0, share));
  const rows = Math.max(8, Math.round(cells / ratio));
  return (
    <div className={cx("relative overflow-hidden rounded-picture", className)} style={{ "--ratio": ratio } as CSSProperties}>
      {src ? <img src={src} alt={alt} className="block h-auto w-full" /> : <div role="img" aria-label={alt} className="w-full bg-amber-tint" style={{ aspectRatio: ratio }} />}
      <div className="absolute inset-0 transition-[clip-path] duration-240 ease-linear" style={{ clipPath: `inset(0 0 ${(1 - done) * 100}% 0)` }}>
        <Noise columns={cells} rows={rows} seed={seed} />
      </div>
      {done > 0 && done < 1 && <div aria-hidden className="absolute inset-x-0 h-[3px] -translate-y-1/2 border-y border-[#fff] bg-iris transition-[top] duration-240 ease-linear" style={{ top: `${done * 100}%` }} />}
    </div>
  );
}

const TILES = { small: "size-7 rounded-chip", medium: "size-12 rounded-control" };

/** A 28-px tile (48 with `medium`) in lists: the noise of an encrypted picture, drawn from its id; amber with an open lock for a decrypt, a folder for an export. */
export function Tile({ id, kind = "encrypted", src, size = "small" }: { id: string; kind?: "encrypted" | "decrypt" | "export"; src?: string | undefined; size?: "small" | "medium" }) {
  if (kind === "decrypt") {
    return (
      <span aria-hidden className={cx("inline-flex shrink-0 items-center justify-center border-[1.5px] border-amber bg-amber-tint text-amber", TILES[size])}>
        <LockOpen className="size-3.5" strokeWidth={1.75} />
      </span>
    );
  }
  if (kind === "export") {
    return (
      <span aria-hidden className={cx("inline-flex shrink-0 items-center justify-center border border-line bg-raised text-muted", TILES[size])}>
        <FolderArchive className="size-3.5" strokeWidth={1.75} />
      </span>
    );
  }
  return (
    <span aria-hidden className={cx(FRAME, "inline-block shrink-0 after:border-[1.5px]", src ? FRAMES.yours : FRAMES.encrypted, TILES[size])}>
      {src ? <img src={src} alt="" className="size-full object-cover" /> : <Noise columns={12} seed={id} />}
    </span>
  );
}
