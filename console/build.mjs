// Build everything that the gateway serves, into the folder that it serves: `node console/build.mjs [FOLDER]`.
// scripts/build_console.py runs it on a machine, Dockerfile.api in an image. It needs `npm ci`, and no network.
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { build } from "vite";
import { buildOpener } from "./opener/build.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const DIST = join(HERE, "dist");
const TARGET = resolve(process.argv[2] ?? join(HERE, "..", "api", "console"));
const COMPRESSED = new Set([".css", ".html", ".js", ".json", ".svg", ".txt", ".webmanifest"]);
// For the pages that the gateway has of its own: they cannot know the names with hashes.
const FONTS = {
  "inter.woff2": "@fontsource-variable/inter/files/inter-latin-opsz-normal.woff2",
  "jetbrains-mono.woff2": "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2",
};
// A smaller file fits one packet anyway.
const SMALLEST = 1024;

async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function compress(path) {
  const content = await readFile(path);
  if (!COMPRESSED.has(extname(path)) || content.length < SMALLEST) return;
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  await writeFile(`${path}.br`, await promisify(brotliCompress)(content, { params }));
  await writeFile(`${path}.gz`, await promisify(gzip)(content, { level: 9 }));
}

// A build that fails must leave the last one as it was: the new folder takes its place only when it is complete.
async function place(folder) {
  const old = `${TARGET}.old`;
  await rm(old, { recursive: true, force: true });
  await mkdir(TARGET, { recursive: true });
  await rename(TARGET, old);
  await rename(folder, TARGET);
  await rm(old, { recursive: true });
}

await build({ root: HERE, logLevel: "warn", build: { outDir: DIST, emptyOutDir: true } });
const fresh = `${TARGET}.new`;
await rm(fresh, { recursive: true, force: true });
await cp(DIST, fresh, { recursive: true });
const packages = createRequire(import.meta.url);
for (const [name, file] of Object.entries(FONTS)) await cp(packages.resolve(file), join(fresh, "fonts", name));
await writeFile(join(fresh, "open.html"), await buildOpener());
for (const path of await filesBelow(fresh)) await compress(path);
await place(fresh);
