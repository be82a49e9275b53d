// The opener: one HTML file with everything in it. The same sources give the same bytes: no time, no path, no order of
// the file system goes into it. docs/reference/opener.md has its SHA-256, and a test compares the two.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const HERE = dirname(fileURLToPath(import.meta.url));
const WORKER = "virtual:worker";

// One classic script of a module and all of its imports: a page of `file://` may load no module.
async function bundle(entry, plugins = []) {
  const [{ output }] = await build({
    root: HERE,
    configFile: false,
    logLevel: "warn",
    plugins,
    define: { "process.env.NODE_ENV": '"production"' },
    build: {
      write: false,
      target: "es2022",
      minify: "oxc",
      lib: { entry: join(HERE, entry), formats: ["iife"], name: "opener", fileName: "opener" },
    },
  });
  return output[0].code.trim();
}

function textOf(script) {
  return {
    name: "imageshield-worker-text",
    resolveId: (id) => (id === WORKER ? `\0${WORKER}` : undefined),
    load: (id) => (id === `\0${WORKER}` ? `export default ${JSON.stringify(script)};` : undefined),
  };
}

const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

// A worker made of a Blob has the policy of its page. `connect-src` and the default forbid every request.
const policy = (script, style) =>
  [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    "worker-src blob:",
    "img-src blob: data:",
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");

// Inside of a script element, these would end it or begin a comment. In JavaScript they stand in strings only.
function escaped(script) {
  const safe = script.replace(/<(\/script)/gi, "\\x3c$1").replace(/<(!--)/g, "\\x3c$1").replace(/<(script)/gi, "\\x3c$1");
  return safe;
}

/** Returns the whole file. */
export async function buildOpener() {
  const worker = await bundle("worker.ts");
  const script = escaped(await bundle("page.ts", [textOf(worker)]));
  const style = (await readFile(join(HERE, "opener.css"), "utf-8")).trim();
  const parts = { POLICY: policy(script, style), STYLE: style, SCRIPT: script };
  const template = await readFile(join(HERE, "opener.html"), "utf-8");
  return template.replace(/\{\{(\w+)\}\}/g, (_, name) => parts[name]);
}
