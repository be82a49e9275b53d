import { fileOf, SAMPLES, type Sample } from "@/assets/samples.ts";
import { explain } from "@/lib/problems.ts";
import { toast } from "@/ui/toast.tsx";

/** Pictures to try it with. */
export function Samples({ onFile }: { onFile: (file: File) => void }) {
  const take = async (sample: Sample) => {
    try {
      onFile(await fileOf(sample));
    } catch (error) {
      toast("The sample could not be loaded", { tone: "bad", text: explain(error).remedy });
    }
  };
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-5 gap-y-3 rounded-card border border-line bg-surface px-5 py-3 max-md:border-0 max-md:bg-transparent max-md:p-0">
      <p className="text-muted">No picture at hand? Take a sample.</p>
      <div className="flex flex-wrap gap-5 max-md:gap-2.5">
        {SAMPLES.map((sample) => (
          <button key={sample.name} type="button" onClick={() => void take(sample)} className="flex items-center gap-2 rounded-control text-dense font-medium">
            <img src={sample.src} alt="" className="size-10 rounded-control border-[1.5px] border-amber object-cover max-md:size-12" />
            <span className="max-md:sr-only">{sample.name}</span>
          </button>
        ))}
      </div>
    </div>
  );
}
