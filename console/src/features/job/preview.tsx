import type { Job } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "@/lib/api.ts";
import { bytes } from "@/lib/format.ts";
import { useObjectUrl } from "@/lib/object-url.ts";
import { Noise } from "@/ui/noise.tsx";
import { Picture, PictureCaption } from "@/ui/picture.tsx";

/** A larger picture is fetched when it is asked for. */
const SHOWN_AT_ONCE = 12_000_000;
const CHANNELS: Record<string, number> = { L: 1, LA: 2, "I;16": 2, RGB: 3, RGBA: 4 };

/** About how many bytes the encrypted picture has: its samples are not compressed. */
function estimate({ image, layout }: Job): number {
  if (!image) return 0;
  if (layout !== "pixels" || image.width === null || image.height === null) return image.bytes;
  return image.width * image.height * (CHANNELS[image.mode ?? ""] ?? 4);
}

/** Its proportions, known before it has arrived; the layout `file` makes it nearly square. */
function proportions({ image, layout }: Job): { width: number; height: number } {
  return layout === "pixels" && image?.width && image.height ? { width: image.width, height: image.height } : { width: 1, height: 1 };
}

/** The encrypted picture itself. */
export function Preview({ job }: { job: Job }) {
  const size = estimate(job);
  const [wanted, setWanted] = useState(size <= SHOWN_AT_ONCE);
  const { data } = useQuery({ queryKey: ["result", job.job_id, job.result_url], queryFn: ({ signal }) => client.jobs.result(job.job_id, { signal }), enabled: wanted && job.result_url !== null, staleTime: Infinity, gcTime: 60_000 });
  const url = useObjectUrl(data?.blob);
  const shape = proportions(job);
  if (url !== undefined) return <Picture whose="encrypted" src={url} {...shape} alt="The encrypted picture: noise" note={data && bytes(data.blob.size)} />;
  return (
    <figure>
      <div className="relative overflow-hidden rounded-picture border-2 border-iris" style={{ aspectRatio: shape.width / shape.height }}>
        <Noise columns={96} seed={job.job_id} />
        {!wanted && <button type="button" onClick={() => { setWanted(true); }} className="absolute inset-x-4 bottom-4 h-9 rounded-control bg-surface text-dense font-medium shadow-float max-md:h-11">Show the picture, about {bytes(size)}</button>}
      </div>
      <PictureCaption whose="encrypted" note={wanted ? "" : "a drawing"}>Encrypted</PictureCaption>
    </figure>
  );
}
