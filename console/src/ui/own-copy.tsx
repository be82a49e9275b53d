import { ImageOff } from "lucide-react";
import { useState } from "react";
import { cx } from "@/lib/cx.ts";
import { useObjectUrl } from "@/lib/object-url.ts";
import { usePreviewShown } from "@/lib/preferences.ts";

interface Props {
  file: Blob | null;
  facts?: { width: number; height: number };
  alt?: string;
  className?: string;
  /** Shown although the preview is switched off in Settings: somebody asked for it. */
  always?: boolean;
  /** The amber frame of what is yours. */
  framed?: boolean;
}

/** A decoded picture takes four bytes a pixel of memory. */
const MOST_PIXELS = 50_000_000;

/** The browser's own copy of the picture, or an amber area and why it is not shown. */
export function OwnCopy({ file, facts, alt = "Your picture", className, always, framed }: Props) {
  const wanted = usePreviewShown() || always === true;
  const [broken, setBroken] = useState<Blob | null>(null);
  const tooLarge = facts !== undefined && facts.width * facts.height > MOST_PIXELS;
  const src = useObjectUrl(wanted && !tooLarge ? file : null);
  const img = src && broken !== file && <img src={src} alt={alt} onError={() => { setBroken(file); }} className={cx("block h-auto w-auto max-w-full rounded-picture object-contain", className)} />;
  if (img) return framed ? <div className="relative rounded-picture after:pointer-events-none after:absolute after:inset-0 after:rounded-[inherit] after:border-2 after:border-amber">{img}</div> : img;
  const why = !file ? "The picture is not in this tab any more" : tooLarge ? "Too large for a preview" : wanted ? "Browsers do not show this format" : "The preview is switched off in Settings";
  return (
    <div className="flex w-full flex-col items-center justify-center gap-2 rounded-picture bg-amber-tint p-6 text-center text-dense text-amber" style={{ aspectRatio: facts?.width ? facts.width / facts.height : 1 }}>
      <ImageOff aria-hidden className="size-5" strokeWidth={1.5} />
      {why}
    </div>
  );
}
