// @ts-check
// The reading view: the same words as flowing text, with the same marks. Parts are fetched as they are needed.
import { html, nothing } from "./vendor/lit-html.js";
import { run } from "./actions.js";
import { get } from "./api.js";
import { cut } from "./format.js";
import { isCurrent, passages, pieces } from "./marks.js";
import { toStatement } from "./moves.js";
import { hasText, pageName } from "./paging.js";
import { change, store } from "./store.js";
import { words } from "./words.js";

/** @typedef {{start: number, end: number, page: number, place: string, text: string}} Part */

/** Return whether the text up to this character is here.
 * @param {number} start */
export const isLoaded = (start) => {
  const { text } = store.ui;
  return Boolean(text) && (text.end > start || text.complete);
};

let loading = false;

/** Fetch the next parts.
 * @returns {Promise<boolean>} whether there were any. */
async function loadMore() {
  const text = store.ui.text ?? { parts: [], end: 0, complete: false };
  if (loading || text.complete) return false;
  loading = true;
  const { document } = store.state;
  const answer = await run(get(`/api/text?start=${text.end}&end=${text.end + 200_000}`));
  loading = false;
  if (document?.id !== store.state.document?.id) return false;
  if (!answer) {
    change({ text: { ...text, complete: true } });
    return false;
  }
  const complete = answer.next === null || !answer.parts.length;
  const end = complete ? answer.length : Math.max(answer.next, text.end + 1);
  change({ text: { parts: [...text.parts, ...answer.parts], end, complete } });
  return true;
}

/** Fetch parts until the text up to this character is here.
 * @param {number} start */
export async function loadUntil(start) {
  while (!isLoaded(start) && (await loadMore()));
}

/** Group parts that are on one page.
 * @param {Part[]} parts @returns {{page: number, place: string, parts: Part[]}[]} */
export function groups(parts) {
  /** @type {{page: number, place: string, parts: Part[]}[]} */
  const found = [];
  for (const part of parts) {
    const last = found.at(-1);
    if (last && last.page === part.page && (part.page > 0 || last.parts.length < 40)) last.parts.push(part);
    else found.push({ page: part.page, place: part.place, parts: [part] });
  }
  return found;
}

/** @param {Part} part @param {any[]} spans */
function paragraph(part, spans) {
  const inside = pieces(part.start, part.end, spans).map((piece) => {
    const text = cut(part.text, piece.start - part.start, piece.end - part.start);
    if (!piece.kind) return text;
    const { passage } = piece;
    return html`<mark class=${piece.kind} data-start=${piece.start}
      @click=${passage ? () => toStatement(passage) : nothing}>${text}</mark>`;
  });
  return html`<p data-from=${part.start} data-to=${part.end} dir="auto">${inside}</p>`;
}

/** @type {IntersectionObserver?} */
let end = null;

/** @param {Element | undefined} sentinel */
function watchEnd(sentinel) {
  end?.disconnect();
  if (!sentinel) return;
  end = new IntersectionObserver((entries) => entries.some((each) => each.isIntersecting) && loadMore(),
    { rootMargin: "1200px" });
  end.observe(sentinel);
}

/** @param {import("./types.js").State} state @param {import("./types.js").Ui} ui */
export function readingView(state, ui) {
  const { document } = state;
  if (!ui.text && hasText(document)) loadMore();
  const all = passages(state.jobs).filter((each) => each.selected === (document?.selected ?? null));
  const spans = [
    ...all.filter((each) => !isCurrent(each, ui.current)).map((passage) => ({ start: passage.start, end: passage.end, kind: "faint", passage })),
    ...(ui.find?.results ?? []).map((/** @type {any} */ each, /** @type {number} */ index) => ({ start: each.start, end: each.end, kind: index === ui.find.at ? "found at" : "found" })),
    ...all.filter((each) => isCurrent(each, ui.current)).map((passage) => ({ start: passage.start, end: passage.end, kind: passage.contrary ? "strong contrary" : "strong", passage })),
  ];
  requestAnimationFrame(() => watchEnd(globalThis.document.querySelector(".more-text") ?? undefined));
  return html`<article class="reading">
    ${groups(ui.text?.parts ?? []).map((group) => html`<section class="part" data-page=${group.page}>
      ${group.place || group.page > 0 ? html`<h2 class="place"><bdi>${group.page > 0 ? pageName(document, group.page) : group.place}</bdi></h2>` : nothing}
      ${group.parts.map((part) => paragraph(part, spans))}</section>`)}
    ${ui.text?.complete ? nothing : html`<p class="more-text">${words.library.loading}</p>`}</article>`;
}
