// @ts-check
// The part that an answer has come to: in words, and as a share of all. Pure.
import { words } from "./words.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Job} Job */

/** Return the answer for which parts are being read, where one is.
 * @param {State} state @returns {Job | undefined} */
export const partsJob = ({ part, jobs }) => (part ? jobs.find((job) => job.state === "running") : undefined);

/** Return how far the parts are read, as a share of all, also where some come from the cache.
 * @param {State} state */
export function shareOfParts({ parts, part, prefill }) {
  const tokens = parts?.parts.map((each) => each.tokens) ?? [];
  const sum = (/** @type {number[]} */ some) => some.reduce((all, each) => all + each, 0);
  if (!part?.number) return part ? 1 : 0;
  return Math.max(sum(tokens.slice(0, part.number - 1)), prefill?.done ?? 0) / (sum(tokens) || 1);
}

/** Return what is done with which part, in words.
 * @param {State} state */
export function partTitle({ part, phase, jobs }) {
  if (!part) return "";
  const { parts } = words;
  if (part.number === null) return parts.all;
  const question = jobs.some((job) => job.state === "running" && job.kind === "question");
  const does = phase === "loading" || phase === "reading" ? parts.reading : question ? parts.asking : parts.summarizing;
  return does(part.number, part.of, part.where ?? "");
}

/** Return how far and how fast the parts are read, and how long they all will still take.
 * @param {State} state @param {number} since when that was reported */
export function partFacts({ document, part, phase, prefill }, since) {
  const { reading } = words;
  const { done, total, page, tokens_per_s, seconds_left } = prefill ?? {};
  if (!part?.number || !total) return [];
  return [
    page && document?.total_pages
      ? reading.page(document.unit?.name ?? words.page.unit, page, document.total_pages) : reading.tokens(done, total),
    tokens_per_s && phase === "reading" ? reading.speed(tokens_per_s) : null,
    seconds_left == null ? null : words.parts.left(Math.max(1, seconds_left - (Date.now() - since) / 1000)),
  ].filter(Boolean);
}
