/** The script of the worker, as text: build.mjs bundles it first. */
declare module "virtual:worker" {
  const script: string;
  export default script;
}
