// @ts-check
// Numbers as people read them: bytes, counts, durations, days.

const NUMBER = new Intl.NumberFormat("en");
const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];

/** @param {number} n */
export const count = (n) => NUMBER.format(Math.round(n));

/** Return a size as in "79.2 MiB", the units that the command line uses.
 * @param {number} n bytes */
export function bytes(n) {
  let unit = 0;
  while (n >= 1024 && unit < UNITS.length - 1) {
    n /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${count(n)} bytes` : `${n.toFixed(n < 99.95 ? 1 : 0)} ${UNITS[unit]}`;
}

/** Return a duration as in "12 s" or "3 min".
 * @param {number} seconds */
export function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** @param {number} perSecond */
export const rate = (perSecond) => (perSecond < 10 ? perSecond.toFixed(1) : count(perSecond));

/** Return a date as in "27 Nov 2026", or nothing where there is none.
 * @param {string | number | undefined} when ISO text, or seconds since 1970 */
export function day(when) {
  const date = new Date(typeof when === "number" ? when * 1000 : when ?? NaN);
  if (Number.isNaN(date.getTime())) return "";
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}

/** Return a line of the program as a sentence: it begins with a capital, unless it begins with a name.
 * @param {string | null | undefined} line */
export function sentence(line) {
  const text = (line ?? "").trim();
  const first = text.split(/\s/, 1)[0];
  return /^[a-z]/.test(text) && !/[._\d/`]/.test(first.slice(0, -1)) ? text[0].toUpperCase() + text.slice(1) : text;
}

/** Return what a hint says before the command that it proposes, and which is shown by itself.
 * @param {string | null | undefined} hint @param {string | null | undefined} command */
export function beforeCommand(hint, command) {
  const at = command && hint ? hint.indexOf(command) : -1;
  return sentence(at < 0 ? hint : hint?.slice(0, at).replace(/[\s`]+$/, ""));
}

/** Cut a text by character numbers as the server counts them: an emoji is one.
 * @param {string} text @param {number} from @param {number} [to] */
export function cut(text, from, to) {
  if (!/[\ud800-\udfff]/.test(text)) return text.slice(from, to);
  return Array.from(text).slice(from, to).join("");
}
