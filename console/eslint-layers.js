import path from "node:path";

// lib (no elements) → ui (components without a subject) → features (one folder a page) → app (navigation, shell).
// Each may import what stands left of it. Features do not import each other.
const LAYERS = ["lib", "assets", "ui", "features", "app"];

function placeOf(file) {
  const inside = file.split("/console/src/")[1];
  if (inside === undefined) return null;
  const [layer, feature] = inside.split("/");
  if (inside === "main.tsx" || inside.endsWith(".css")) return { layer: "app" };
  return { layer, feature: layer === "features" ? feature : undefined };
}

function faultOf(from, to) {
  if (!LAYERS.includes(from.layer)) return `A folder of its own in src is not placed: move ${from.layer} into one of ${LAYERS.join(", ")}.`;
  if (LAYERS.indexOf(to.layer) > LAYERS.indexOf(from.layer)) return `${from.layer} must not import from ${to.layer}.`;
  if (from.feature !== undefined && to.feature !== undefined && from.feature !== to.feature) return `Features do not import each other: move what ${from.feature} and ${to.feature} share to ui or lib.`;
  return null;
}

function check(context, node) {
  const source = node.source?.value;
  const file = context.filename.replaceAll("\\", "/");
  const from = placeOf(file);
  if (typeof source !== "string" || from === null || !/^(@\/|\.)/.test(source)) return;
  const target = source.startsWith("@/") ? `/console/src/${source.slice(2)}` : path.posix.resolve(path.posix.dirname(file), source);
  const to = placeOf(target);
  const fault = to && faultOf(from, to);
  if (fault) context.report({ node, message: fault });
}

/** An ESLint rule: which folder may import which. */
export const layers = {
  meta: { type: "problem", schema: [] },
  create(context) {
    const visit = (node) => { check(context, node); };
    return { ImportDeclaration: visit, ExportNamedDeclaration: visit, ExportAllDeclaration: visit, ImportExpression: visit };
  },
};
