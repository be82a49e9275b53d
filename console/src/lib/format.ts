// Numbers, times and ids as the console writes them. English (UK) throughout, so that texts and dates agree.
const LOCALE = "en-GB";
const SECOND = 1;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `4.71 MB`, `792 kB`, `12 bytes`: decimal units with three significant digits, as the limits are decimal. */
export function bytes(count: number): string {
  if (count < 1000) return count === 1 ? "1 byte" : `${count} bytes`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = count / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${threeDigits(value)} ${units[unit]}`;
}

/** `184 ms`, `0.9 s`, `12 s`, `2 min 5 s`, `1 h 10 min`. */
export function duration(seconds: number): string {
  if (seconds < 0.1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return pair(whole, MINUTE, "min", SECOND, "s");
  return pair(whole, HOUR, "h", MINUTE, "min");
}

/** `1,321`. */
export const count = (value: number): string => value.toLocaleString(LOCALE);

/** `1 picture`, `3 pictures`. */
export const plural = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;

/** `62 %`, of a share from 0 to 1. */
export const percent = (share: number, digits = 0): string => `${(share * 100).toFixed(digits)} %`;

/** `1411 × 1411`. */
export const dimensions = (width: number, height: number): string => `${width} × ${height}`;

/** `25 megapixels`, `0.7 megapixels`. */
export const megapixels = (pixels: number): string => `${threeDigits(pixels / 1e6)} megapixels`;

/** `14:02`. */
export const clock = (at: Date): string => at.toLocaleTimeString(LOCALE, { hour: "2-digit", minute: "2-digit" });

/** `28 November 2026`; with `weekday`, `Saturday, 28 November 2026`. */
export function day(at: Date, weekday = false): string {
  const date = at.toLocaleDateString(LOCALE, { day: "numeric", month: "long", year: "numeric" });
  return weekday ? `${at.toLocaleDateString(LOCALE, { weekday: "long" })}, ${date}` : date;
}

/** `28 November 2026, 14:02:11 UTC+1`: the whole truth, for titles. */
export const absolute = (at: Date): string =>
  at.toLocaleString(LOCALE, { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" });

/** `today, 14:02`, `yesterday, 09:10`, `3 Aug, 12:00`, `3 Aug 2025`. */
export function moment(at: Date, now = new Date()): string {
  const days = Math.round((midnight(now) - midnight(at)) / (DAY * 1000));
  if (days === 0) return `today, ${clock(at)}`;
  if (days === 1) return `yesterday, ${clock(at)}`;
  if (days === -1) return `tomorrow, ${clock(at)}`;
  const date = at.toLocaleDateString(LOCALE, { day: "numeric", month: "short" });
  return at.getFullYear() === now.getFullYear() ? `${date}, ${clock(at)}` : `${date} ${at.getFullYear()}`;
}

/** `now`, `2 s ago`, `in 5 min`, `3 h ago`, `in 9 days`. */
export function relative(at: Date, now = new Date()): string {
  const seconds = (at.getTime() - now.getTime()) / 1000;
  const size = Math.abs(seconds);
  if (size < 1) return "now";
  const text = size < MINUTE ? `${Math.floor(size)} s` : size < HOUR ? `${Math.floor(size / MINUTE)} min` : size < DAY ? `${Math.floor(size / HOUR)} h` : plural(Math.floor(size / DAY), "day");
  return seconds < 0 ? `${text} ago` : `in ${text}`;
}

/** `job_01a22275…889d82`: the prefix, the start and the end. What is copied is always the whole. */
export function shortId(id: string): string {
  const prefix = /^[a-z]+_/.exec(id)?.[0] ?? "";
  const rest = id.slice(prefix.length);
  return rest.length <= 16 ? id : `${prefix}${rest.slice(0, 8)}…${rest.slice(-6)}`;
}

const threeDigits = (value: number): string => (value >= 99.95 ? String(Math.round(value)) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2)).replace(/\.0+$/, "");

function pair(seconds: number, major: number, majorName: string, minor: number, minorName: string): string {
  const whole = Math.floor(seconds / major);
  const rest = Math.floor((seconds % major) / minor);
  return rest === 0 ? `${whole} ${majorName}` : `${whole} ${majorName} ${rest} ${minorName}`;
}

const midnight = (at: Date): number => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
