import { describe, expect, test } from "vitest";

import { parseFileName } from "../src/api/download.ts";
import { writeForm } from "../src/api/form.ts";
import { parseHeaders } from "../src/api/upload.ts";
import { Client, NoSession, Offline } from "../src/index.ts";
import { serve } from "./support/faulty.ts";

describe("parseFileName", () => {
  test.each([
    [`attachment; filename="scan _.png"; filename*=UTF-8''scan%20%C3%A4.png`, "scan ä.png"],
    [`attachment; filename="a \\"b\\".png"`, 'a "b".png'],
    ["attachment; filename=plain.png", "plain.png"],
    [`attachment; filename="kept.png"; filename*=UTF-8''%E0%A4%A`, "kept.png"],
    [`attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd`, "passwd"],
    [`attachment; filename="C:\\\\x\\\\y.png"`, "y.png"],
    [`attachment; filename*=UTF-8''gnp.%E2%80%AEexe`, "gnp.exe"],
  ])("%s", (header, name) => {
    expect(parseFileName(header)).toBe(name);
  });

  test("is null where there is no usable name", () => {
    for (const header of [null, "attachment", `attachment; filename=".."`, `attachment; filename=""`]) {
      expect(parseFileName(header)).toBeNull();
    }
  });
});

describe("download", () => {
  test("brings the bytes, the name and the progress", async () => {
    const { url } = await serve({
      "/file": (_, response) => {
        response.writeHead(200, { "Content-Type": "image/png", "Content-Length": "5", "Content-Disposition": "attachment; filename=a.png" });
        response.end("12345");
      },
    });
    const seen: unknown[] = [];
    const file = await new Client({ session: new NoSession({ url }) }).download("/file", { onDownload: (progress) => seen.push(progress) });
    expect(file.name).toBe("a.png");
    expect(file.blob.type).toBe("image/png");
    expect(await file.blob.text()).toBe("12345");
    expect(seen.at(-1)).toEqual({ received: 5, total: 5 });
  });

  test("that breaks off is no file", async () => {
    const { url } = await serve({
      "/file": (_, response) => {
        response.writeHead(200, { "Content-Length": "500" }).write("12345");
        setTimeout(() => response.destroy(), 50);
      },
    });
    await expect(new Client({ session: new NoSession({ url }) }).download("/file")).rejects.toBeInstanceOf(Offline);
  });
});

describe("writeForm", () => {
  test("writes fields as the API reads them", () => {
    const form = writeForm({
      image: new Blob(["x"]),
      named: new File(["x"], "n.png"),
      analyze: true,
      recipients: ["one", "two"],
      regions: [{ x: 1, y: 2, width: 3, height: 4 }],
      metadata: { patient: "1" },
      reference: undefined,
      webhook_url: null,
    });
    const names = [...form].flatMap(([name, value]) => [name, value instanceof File ? value.name : value]);
    expect(names).toEqual([
      "image", "file", "named", "n.png", "analyze", "true", "recipients", "one", "recipients", "two",
      "regions", '[{"x":1,"y":2,"width":3,"height":4}]', "metadata", '{"patient":"1"}',
    ]);
  });
});

test("parseHeaders reads what XMLHttpRequest gives", () => {
  const headers = parseHeaders("content-type: text/html\r\nretry-after: 5\r\nbroken\r\n");
  expect([...headers]).toEqual([["content-type", "text/html"], ["retry-after", "5"]]);
});
