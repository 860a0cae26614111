// @ts-check
// The pages of a document: which there are, what they are called, and which can be drawn. Pure.
import { words } from "./words.js";

/** @typedef {import("./types.js").Document} Document */
/** @typedef {import("./types.js").Page} Page */

/** Return a page by its number; a text may hold only some of its pages.
 * @param {Document | null | undefined} document @param {number | null | undefined} number */
export function pageOf(document, number) {
  const pages = document?.pages ?? [];
  const likely = pages[Number(number) - 1];
  return likely?.number === number ? likely : pages.find((page) => page.number === number);
}

/** Return whether the document's pages can be drawn; a text has none, or only numbers.
 * @param {Document | null | undefined} document */
export const isDrawn = (document) => Boolean(document?.kind === "pdf" && document.pages[0]?.width);

/** Return whether the document's text is here.
 * @param {Document | null | undefined} document */
export const hasText = (document) => Boolean(document?.characters);

/** Return a page's name, with the printed number where it differs.
 * @param {Document | null | undefined} document @param {number} number */
export const pageName = (document, number) =>
  words.page.name(document?.unit?.name ?? words.page.unit, number, pageOf(document, number)?.label ?? null);

/** Return the printed numbers of pages where they differ from the file's.
 * @param {number[]} numbers @param {Document | null | undefined} document */
export function printed(numbers, document) {
  const labels = (numbers ?? []).map((number) => pageOf(document, number)?.label ?? "");
  if (!labels.length || labels.some((label, index) => !label || label === String(numbers[index]))) return "";
  return labels.length > 3 ? `${labels[0]}–${labels[labels.length - 1]}` : labels.join(", ");
}

/** Split a reference into the file's page and the printed one, which some references name already.
 * @param {string} reference @param {number[]} pages @param {Document | null | undefined} document
 * @returns {[string, string]} */
export function splitReference(reference, pages, document) {
  const named = /^(.*?)\s*(\([^()]*\))$/.exec(reference);
  if (named) return [named[1], named[2]];
  const label = printed(pages, document);
  return [reference, label && words.statement.printed(label)];
}

/** Return the tokens of each page of the file; pages that were not read are taken to be average.
 * @param {Document} document @param {number[]} counted tokens of the pages that were read */
export function tokensByPage(document, counted) {
  if (counted.length === document.pages.length) return counted;
  const average = counted.length ? counted.reduce((sum, tokens) => sum + tokens, 0) / counted.length : 0;
  let next = 0;
  return document.pages.map((page) => (page.read && next < counted.length ? counted[next++] : average));
}
