// @ts-check
// The pages that will be read, where a document is too long: tokens of a range, kept live. Pure but for the state it reads.
import { tokensByPage } from "./paging.js";
import { change, store } from "./store.js";

/** @typedef {import("./types.js").Counted} Counted */

/** Return what a range of pages needs, and by how much it is over.
 * @param {Counted} counted @param {{from: number, to: number}} range */
export function needs(counted, { from, to }) {
  const inside = counted.pages.slice(from - 1, to).reduce((sum, tokens) => sum + (tokens || 0), 0);
  const tokens = inside + counted.prompt + counted.answer;
  return { tokens, over: Math.max(0, tokens - counted.window), spare: Math.max(0, counted.window - tokens) };
}

/** Return the longest range from page one that fits.
 * @param {Counted} counted @returns {{from: number, to: number}} */
export function longest(counted) {
  let to = 1;
  while (to < counted.pages.length && !needs(counted, { from: 1, to: to + 1 }).over) to += 1;
  return { from: 1, to };
}

/** Return the count with the tokens of every page of the file.
 * @param {import("./types.js").State} state @returns {Counted?} */
export const byPage = ({ counted, document }) =>
  counted && document ? { ...counted, pages: tokensByPage(document, counted.pages) } : null;

/** Return the range that is chosen now, or null where there is nothing to choose.
 * @param {import("./types.js").State} state @param {import("./types.js").Ui} ui */
export function chosenRange(state, ui) {
  const { unfit } = state, counted = byPage(state);
  if (!counted?.pages.length) return null;
  if (unfit?.error === "DocumentTooLong") return ui.range ?? longest(counted);
  return ui.choosing ? ui.range ?? (state.parts ? null : readNow(state)) ?? longest(counted) : null;
}

/** Return the range that holds the pages which are read now.
 * @param {import("./types.js").State} state */
function readNow({ document }) {
  const read = (document?.pages ?? []).filter((page) => page.read).map((page) => page.number);
  return read.length ? { from: read[0], to: read[read.length - 1] } : null;
}

/** Move one end of the range; the other is pushed along.
 * @param {"from" | "to"} end @param {number} page */
export function setRange(end, page) {
  const last = store.state.document?.pages.length ?? 1;
  const range = chosenRange(store.state, store.ui) ?? { from: 1, to: last };
  const value = Math.max(1, Math.min(last, Math.round(page) || 1));
  change({
    range: end === "from"
      ? { from: value, to: Math.max(value, range.to) }
      : { from: Math.min(value, range.from), to: value },
  });
}

/** Return a range as the setting `pages` wants it.
 * @param {{from: number, to: number}} range */
export const asPages = ({ from, to }) => (from === to ? String(from) : `${from}-${to}`);
