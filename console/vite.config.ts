import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { routeList } from "./vite.routes.ts";

const GATEWAY = process.env.IMAGESHIELD_URL ?? "http://localhost:8000";
// The policy that the gateway sends; `vite preview` sends it too, so that a violation is seen before it is served.
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; " +
  "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

// The gateway accepts its own origin only, so the proxy speaks in its name. It listens on IPv4, and Node may take localhost for IPv6.
const toGateway = { target: GATEWAY.replace("//localhost", "//127.0.0.1"), headers: { origin: GATEWAY } };
const proxy = {
  "^/(api|health|ready|docs|openapi.json|open.html|.well-known)(/|$|\\?)": toGateway,
  "/ws": { ...toGateway, ws: true },
};

// What the public pages share, so that they need two files after the first one; all icons of the console would be 10 kB more.
const BASICS = new RegExp(
  [
    "lucide-react/dist/esm/(?!icons/)",
    "lucide-react/dist/esm/icons/(arrow-down|check|file-check-corner|lock|menu|minus|x)\\.",
    "src/lib/(anchor|cx|first-visit|format|forms|signed-in|storage)\\.ts",
    "src/ui/(badge|button|card|code-block|kbd|logo|noise|picture|spinner)\\.tsx",
    "src/app/layouts/site\\.tsx",
  ].join("|"),
);

export default defineConfig({
  plugins: [react(), tailwindcss(), routeList()],
  resolve: { alias: { "@": fileURLToPath(new URL("src", import.meta.url)) } },
  server: { proxy },
  preview: { proxy, headers: { "Content-Security-Policy": CSP } },
  worker: { format: "es" },
  build: {
    outDir: "dist",
    target: "es2022",
    // A preload polyfill would be an inline script, and an inlined asset a data: font: the policy forbids both.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: true,
    // A request costs more than the few bytes of an icon or a button: what every page draws with comes together.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "basics", test: BASICS }] } } },
  },
});
