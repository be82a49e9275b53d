import { frontOf, keyIdText } from "@/features/decrypt/slots.ts";
import type { FilesProps } from "@/features/decrypt/files.tsx";
import { SmallSlot } from "@/features/decrypt/small-slot.tsx";
import { bytes, dimensions, plural } from "@/lib/format.ts";
import type { Look } from "@/lib/intake.ts";
import { useObjectUrl } from "@/lib/object-url.ts";
import { CopyableId } from "@/ui/copyable-id.tsx";

/** The encrypted picture, with what it says of itself. */
export function PictureSlot({ wish: { slots }, onFiles }: FilesProps) {
  const { picture } = slots;
  return <SmallSlot name="Encrypted picture" slot="picture" look={picture} accept="image/png,.png" icon={<Thumbnail look={picture} />} facts={picture && <Facts look={picture} front={frontOf(slots)} />} onFiles={onFiles} />;
}

function Thumbnail({ look }: { look: Look | null }) {
  const isPicture = look?.kind === "encrypted" || look?.kind === "picture";
  const src = useObjectUrl(isPicture ? look.file : null);
  return (
    <span aria-hidden className="relative size-28 shrink-0 overflow-hidden rounded-picture bg-raised after:absolute after:inset-0 after:rounded-[inherit] after:border-2 after:border-iris max-md:size-16">
      {src && <img src={src} alt="" className="size-full object-cover pixelated" />}
    </span>
  );
}

const HOLDS = { pixels: "pixels, in a lossless file", file: "a file, byte for byte" };

function Facts({ look, front }: { look: Look; front: ReturnType<typeof frontOf> }) {
  const size = bytes(look.file.size);
  if (look.kind === "encrypted" && front) {
    const { width, height, layout, regions, keyId } = front.header;
    return (
      <div className="text-dense text-muted">
        <p className="numeric">{dimensions(width, height)} · holds {HOLDS[layout]}{regions.length > 0 && `, encrypted in ${plural(regions.length, "part")}`} · {size}</p>
        <CopyableId id={keyIdText(keyId)} what="key id" />
      </div>
    );
  }
  if (look.kind === "picture") return <p className="numeric text-dense text-muted">{look.facts.width > 0 && `${dimensions(look.facts.width, look.facts.height)} `}{look.facts.format} · {size}</p>;
  return <p className="numeric text-dense text-muted">{size}</p>;
}
