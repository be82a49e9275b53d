import retina from "@/assets/retina.webp";
import coffee from "@/assets/samples/coffee.webp";
import portrait from "@/assets/samples/portrait.webp";

const SAMPLES = [
  { name: "Portrait", file: "portrait.webp", src: portrait },
  { name: "Retina", file: "retina.webp", src: retina },
  { name: "Coffee", file: "coffee.webp", src: coffee },
];

/** Pictures to try it with. */
export function Samples({ onFile }: { onFile: (file: File) => void }) {
  const take = async (src: string, name: string) => {
    const blob = await (await fetch(src)).blob();
    onFile(new File([blob], name, { type: "image/webp" }));
  };
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-5 gap-y-3 rounded-card border border-line bg-surface px-5 py-3 max-md:border-0 max-md:bg-transparent max-md:p-0">
      <p className="text-muted">No picture at hand? Take a sample.</p>
      <div className="flex flex-wrap gap-5 max-md:gap-2.5">
        {SAMPLES.map(({ name, file, src }) => (
          <button key={name} type="button" onClick={() => void take(src, file)} className="flex items-center gap-2 rounded-control text-dense font-medium">
            <img src={src} alt="" className="size-10 rounded-control border-[1.5px] border-amber object-cover max-md:size-12" />
            <span className="max-md:sr-only">{name}</span>
          </button>
        ))}
      </div>
    </div>
  );
}
