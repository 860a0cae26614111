// @ts-check
// The pages: boxes of the right size from the start, pictures and words in those that are near.
import { html, nothing, svg } from "./vendor/lit-html.js";
import { icon } from "./icons.js";
import { marksOf, passages } from "./marks.js";
import { forgetPictures, picture, stepFor, want } from "./pictures.js";
import { change, store } from "./store.js";
import { textLayer } from "./textlayer.js";
import { clickOnPage, hoverOnPage } from "./moves.js";
import { hasText, pageName } from "./paging.js";
import { words } from "./words.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Ui} Ui */
/** @typedef {import("./types.js").Page} Page */

const PIXELS_PER_POINT = 96 / 72;
const MAX_FIT = 1100;

/** Return how many CSS pixels a point is.
 * @param {Page[]} pages @param {Ui} ui */
export function scaleOf(pages, ui) {
  if (ui.zoom !== "fit") return ui.zoom * PIXELS_PER_POINT;
  const widest = Math.max(...pages.map((page) => page.width), 1);
  const padding = ui.paneWidth < 560 ? 16 : 48;
  return Math.max(120, Math.min(MAX_FIT, ui.paneWidth - padding)) / widest;
}

/** @param {number[]} rect @param {Page} page */
const inPoints = ([x, y, width, height], page) =>
  [x * page.width, y * page.height, width * page.width, height * page.height];

/** @param {number[]} rect @param {Page} page @param {string} name */
function block(rect, page, name) {
  const [x, y, width, height] = inPoints(rect, page);
  return svg`<rect class=${name} x=${x - 1} y=${y - 0.5} width=${width + 2} height=${height + 1} rx="1.5"></rect>`;
}

/** @param {number[]} rect @param {Page} page @param {string} name */
function underline(rect, page, name) {
  const [x, y, width, height] = inPoints(rect, page);
  return svg`<path class=${name} d=${`M${x} ${y + height + 0.6}h${width}`}></path>`;
}

/** The marks of one page: fills under the words, edges above them.
 * @param {Page} page @param {State} state @param {Ui} ui */
function marks(page, state, ui) {
  const { strong, faint, edge } = marksOf(passages(state.jobs), page.number, ui.current);
  const found = (ui.find?.results ?? []).flatMap((/** @type {any} */ each, /** @type {number} */ index) =>
    each.marks.filter((/** @type {any} */ m) => m.page === page.number)
      .flatMap((/** @type {any} */ m) => m.rects.map((/** @type {number[]} */ rect) =>
        ({ rect, name: index === ui.find.at ? "found at" : "found" }))));
  return {
    edge,
    fills: [...strong.map(({ rect, contrary, first }) =>
      block(rect, page, `mark${contrary ? " contrary" : ""}${first ? " first" : ""}`)),
      ...found.map((/** @type {{rect: number[], name: string}} */ { rect, name }) => block(rect, page, name))],
    lines: [...faint.map(({ rect }) => underline(rect, page, "faint")),
      ...strong.map(({ rect, contrary }) => underline(rect, page, contrary ? "line contrary" : "line"))],
  };
}

/** @param {Picture | undefined} shown */
function content(shown) {
  if (shown?.failed) {
    return html`<div class="undrawn"><p>${words.page.failed}<br>${words.page.failedHint}</p>
      <p><button @click=${() => forgetPictures({ failed: true })}>${words.page.again}</button>
      <button @click=${() => change({ view: "text" })}>${words.page.read}</button></p></div>`;
  }
  return shown?.url ? html`<img alt="" src=${shown.url} draggable="false">` : nothing;
}
/** @typedef {import("./pictures.js").Picture} Picture */

/** @param {Page} page @param {number} scale @param {State} state @param {Ui} ui */
function sheet(page, scale, state, ui) {
  const near = ui.near.has(page.number);
  const width = Math.round(page.width * scale), height = Math.round(page.height * scale);
  const shown = picture(page.number);
  const drawn = near ? marks(page, state, ui) : { edge: false, fills: [], lines: [] };
  const box = `0 0 ${page.width} ${page.height}`;
  return html`<div class="leaf" data-page=${page.number} id="page-${page.number}">
    <div class="page${drawn.edge ? " edge" : ""}${page.read ? "" : " unread"}" role="group"
      aria-label=${pageName(state.document, page.number)}>
      ${near ? content(shown) : nothing}
      <svg class="fills" width=${width} height=${height} viewBox=${box} aria-hidden="true">${drawn.fills}</svg>
      <svg class="lines" viewBox=${box} aria-hidden="true">${drawn.lines}</svg>
      ${near && shown?.url && hasText(state.document) ? textLayer(page) : nothing}
      ${drawn.edge ? html`<span class="edgeword">${icon("page")}${words.page.exactOnly}</span>` : nothing}
    </div>
    <p class="folio" aria-hidden="true">${page.number}${page.label && page.label !== String(page.number)
      ? html`<span>${words.page.printed(page.label)}</span>` : nothing}${page.read ? nothing
        : html`<span>${words.page.unread}</span>`}</p>
  </div>`;
}

/** @param {State} state @param {Ui} ui */
export function pagesView(state, ui) {
  const pages = state.document?.pages ?? [];
  const scale = scaleOf(pages, ui);
  return html`<div class="leaves" @click=${clickOnPage} @mousemove=${hoverOnPage}>
    ${pages.map((page) => sheet(page, scale, state, ui))}</div>`;
}

/** @type {IntersectionObserver?} */
let observer = null;
/** @type {WeakSet<Element>} */
let observed = new WeakSet();
/** @type {Element?} */
let root = null;
let timer = 0;

/** Watch which pages are near the part in view.
 * @param {Element} pane */
export function watchPages(pane) {
  if (root !== pane) {
    observer?.disconnect();
    observed = new WeakSet();
    root = pane;
    observer = new IntersectionObserver(seen, { root: pane, rootMargin: "60% 0px" });
  }
  for (const leaf of pane.querySelectorAll(".leaf")) {
    if (observed.has(leaf)) continue;
    observed.add(leaf);
    observer?.observe(leaf);
  }
}

/** @param {IntersectionObserverEntry[]} entries */
function seen(entries) {
  const near = new Set(store.ui.near);
  for (const { target, isIntersecting } of entries) {
    const number = Number(/** @type {HTMLElement} */ (target).dataset.page);
    if (isIntersecting) near.add(number);
    else near.delete(number);
  }
  change({ near });
  clearTimeout(timer);
  timer = window.setTimeout(fetchNear, 60);
}

/** Ask for the pictures of the near pages, from the one in view outwards. */
export function fetchNear() {
  const pages = store.state.document?.pages ?? [];
  const scale = scaleOf(pages, store.ui);
  const near = pages.filter((page) => store.ui.near.has(page.number));
  near.sort((one, other) => Math.abs(one.number - store.ui.page) - Math.abs(other.number - store.ui.page));
  want(near.map((page) => ({
    number: page.number, width: stepFor(page.width * scale * Math.min(devicePixelRatio, 2.5)),
  })));
}
