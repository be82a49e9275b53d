import type { Job } from "@imageshield/client";
import { CircleQuestionMark, FileSearch, Lock, LogOut, SunMoon, BookOpen, type LucideIcon } from "lucide-react";
import { pagesFor, type Reader } from "@/app/navigation.ts";
import { shortId } from "@/lib/format.ts";

export interface Hit {
  key: string;
  group: "Jobs" | "Do" | "Go to";
  text: string;
  note?: string;
  icon?: LucideIcon;
  job?: Job;
  keys?: string;
  /** A page of the console, … */
  to?: string;
  /** … a page of the service, … */
  href?: string;
  /** … or an act. */
  act?: () => void;
}

export interface Acts extends Reader {
  theme: "light" | "dark";
  switchTheme: () => void;
  showShortcuts: () => void;
  signOut: () => void;
}

const MOST_JOBS = 5;

/** What the palette offers for a text: jobs of this account, actions, pages. */
export function hitsFor(text: string, jobs: Job[], acts: Acts): Hit[] {
  const wanted = text.trim().toLowerCase();
  const all = [...jobHits(wanted, jobs), ...actions(acts), ...pages(acts)];
  if (!wanted) return [...all.filter((hit) => hit.group === "Jobs").slice(0, 3), ...all.filter((hit) => hit.group !== "Jobs")];
  return all.filter((hit) => `${hit.text} ${hit.note ?? ""} ${hit.job?.job_id ?? ""}`.toLowerCase().includes(wanted));
}

function jobHits(wanted: string, jobs: Job[]): Hit[] {
  const found = jobs.filter((job) => `${job.file_name ?? ""} ${job.job_id}`.toLowerCase().includes(wanted)).slice(0, MOST_JOBS);
  const hits: Hit[] = found.map((job) => ({ key: job.job_id, group: "Jobs", text: job.file_name ?? kindName(job), note: shortId(job.job_id), job, to: `/jobs/${job.job_id}` }));
  // A whole id may be of a job that is older than the ones that are known here.
  if (/^job_[0-9a-f]{32}$/.test(wanted) && found.length === 0) hits.push({ key: wanted, group: "Jobs", text: wanted, icon: FileSearch, to: `/jobs/${wanted}` });
  return hits;
}

const kindName = (job: Job): string => job.kind.charAt(0).toUpperCase() + job.kind.slice(1);

const actions = (acts: Acts): Hit[] => [
  { key: "encrypt", group: "Do", text: "Encrypt a picture…", icon: Lock, keys: "n", to: "/encrypt" },
  { key: "theme", group: "Do", text: `Switch to ${acts.theme === "dark" ? "light" : "dark"}`, icon: SunMoon, keys: "t", act: acts.switchTheme },
  { key: "shortcuts", group: "Do", text: "Show the keyboard shortcuts", icon: CircleQuestionMark, keys: "?", act: acts.showShortcuts },
  { key: "docs", group: "Do", text: "Read the API reference", icon: BookOpen, href: "/docs" },
  { key: "out", group: "Do", text: "Sign out", icon: LogOut, act: acts.signOut },
];

const pages = (acts: Acts): Hit[] =>
  pagesFor(acts)
    .filter((page) => page.layout === "shell" && page.icon && !page.path.includes("$"))
    .map((page) => ({ key: page.path, group: "Go to", text: page.label, to: page.path, ...(page.icon && { icon: page.icon }), ...(page.shortcut && { keys: page.shortcut }) }));
