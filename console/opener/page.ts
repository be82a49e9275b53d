/** The page: choose the files, give what the key needs, decrypt, save. */

import { describe, type Message } from "./messages.ts";
import { type Chosen, fileOf, join, NAMES, recognize, type Role } from "./roles.ts";
import { type Opened, run, type Step, type Task } from "./work.ts";

const element = (id: string): HTMLElement => document.getElementById(id) ?? document.body;

const files = element("files") as HTMLInputElement;
const password = element("password") as HTMLInputElement;
const identity = element("identity") as HTMLTextAreaElement;
const open = element("open") as HTMLButtonElement;
const progress = element("progress") as HTMLProgressElement;
const picture = element("picture") as HTMLImageElement;
const download = element("download") as HTMLAnchorElement;
const status = element("status");
const result = element("result");

const STAGES: Record<string, string> = {
  validating: "Reading the files",
  unlocking: "Unlocking the key",
  verifying: "Verifying the picture",
  decrypting: "Decrypting",
};
const SHOWN = new Set(["image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/avif"]);

let chosen: Chosen[] = [];
let working = false;
let address = "";

function size(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function show(place: HTMLElement, message: Message | null): void {
  place.replaceChildren();
  if (message === null) return;
  const box = document.createElement("p");
  box.className = "message";
  const title = document.createElement("b");
  title.textContent = message.title;
  box.append(title, message.remedy);
  place.append(box);
}

function draw(): void {
  element("chosen").replaceChildren(...chosen.map(row));
  const missing = (["image", "keyFile"] satisfies Role[]).find((role) => fileOf(chosen, role) === undefined);
  const words = { image: "Choose a picture first", keyFile: "Choose its key file too" };
  open.disabled = working || missing !== undefined;
  if (!working) status.textContent = missing === undefined ? "Ready" : words[missing];
}

function row({ file, role }: Chosen): HTMLLIElement {
  const line = document.createElement("li");
  const words = document.createElement("div");
  const [name, facts, remove] = [document.createElement("b"), document.createElement("small"), document.createElement("button")];
  name.textContent = file.name;
  facts.textContent = `${role === null ? "" : NAMES[role]} · ${size(file.size)}`;
  remove.type = "button";
  remove.textContent = "Remove";
  remove.setAttribute("aria-label", `Remove ${file.name}`);
  remove.addEventListener("click", () => {
    chosen = chosen.filter((one) => one.file !== file);
    draw();
    files.focus();
  });
  words.append(name, facts);
  line.append(words, remove);
  return line;
}

async function add(added: readonly File[]): Promise<void> {
  const recognized = await Promise.all(added.map(recognize));
  const unknown = recognized.filter((one) => one.role === null).map((one) => one.file.name);
  chosen = join(chosen, recognized);
  show(element("files-message"), unknown.length === 0 ? null : {
    title: `Not used: ${unknown.join(", ")}.`,
    remedy: "An encrypted picture is a PNG, and a key file usually ends in .qkey.",
  });
  draw();
}

function lines(text: string): string[] {
  return text.split(/\s*\n\s*/).map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}

async function collect(): Promise<Task> {
  const read = async (role: Role): Promise<ArrayBuffer | undefined> => fileOf(chosen, role)?.arrayBuffer();
  const [image, keyFile, material, header] = await Promise.all([read("image"), read("keyFile"), read("material"), read("header")]);
  if (image === undefined || keyFile === undefined) throw new Error("Choose a picture and its key file");
  const written = (await fileOf(chosen, "identity")?.text()) ?? "";
  const identities = [...lines(written), ...lines(identity.value)];
  return { image, keyFile, material, header, password: password.value, identities };
}

function step({ stage, share }: Step): void {
  status.textContent = STAGES[stage] ?? stage;
  if (share === null) progress.removeAttribute("value");
  else progress.value = share;
}

function begin(): void {
  working = true;
  show(element("failure"), null);
  clear();
  step({ kind: "step", stage: "validating", share: null });
  progress.hidden = false;
  draw();
}

function clear(): void {
  result.hidden = true;
  picture.removeAttribute("src");
  if (address !== "") URL.revokeObjectURL(address);
  address = "";
}

function offer({ data, name, mediaType }: Opened): void {
  address = URL.createObjectURL(new Blob([data], { type: mediaType }));
  const shown = SHOWN.has(mediaType);
  element("preview").hidden = !shown;
  element("unseen").hidden = shown;
  if (shown) picture.src = address;
  element("facts").textContent = `${name} · ${size(data.byteLength)}`;
  download.href = address;
  download.download = name;
  result.hidden = false;
  result.focus();
}

async function decrypt(): Promise<void> {
  begin();
  try {
    const answer = await run(await collect(), step);
    if (answer.kind === "opened") offer(answer);
    else show(element("failure"), describe(answer));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    show(element("failure"), { title: "The files could not be read.", remedy: `Choose them again. (${detail})` });
  }
  working = false;
  progress.hidden = true;
  draw();
}

element("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!open.disabled) void decrypt();
});
files.addEventListener("change", () => {
  void add([...(files.files ?? [])]).then(() => (files.value = ""));
});
element("reveal").addEventListener("click", ({ currentTarget }) => {
  const hidden = password.type === "password";
  password.type = hidden ? "text" : "password";
  (currentTarget as HTMLElement).setAttribute("aria-pressed", String(hidden));
  (currentTarget as HTMLElement).textContent = hidden ? "Hide" : "Show";
});
for (const name of ["dragover", "dragleave", "drop"]) {
  addEventListener(name, (event) => {
    event.preventDefault();
    element("drop").classList.toggle("over", name === "dragover");
    if (event instanceof DragEvent && name === "drop") void add([...(event.dataTransfer?.files ?? [])]);
  });
}
draw();
