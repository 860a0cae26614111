// @ts-check
// The document's region: the pages or the reading view, or what is in their place.
import { html, nothing } from "./vendor/lit-html.js";
import { emptyView } from "./empty.js";
import { findBar } from "./find.js";
import { icon } from "./icons.js";
import { calm } from "./looks.js";
import { backToStatement, keepGoal, takeGoal } from "./moves.js";
import { hasText, isDrawn } from "./paging.js";
import { fetchNear, pagesView, scaleOf, watchPages } from "./pages.js";
import { readingView, loadUntil, isLoaded } from "./reading.js";
import { lastWords, refusedView, skeleton } from "./refused.js";
import { selectionBar } from "./selection.js";
import { splitter } from "./splitter.js";
import { change, store } from "./store.js";
import { toolbar } from "./toolbar.js";
import { situation } from "./view.js";
import { words } from "./words.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Ui} Ui */

/** Return which view is shown: a text without pages has only the reading view.
 * @param {State} state @param {Ui} ui */
export const viewOf = (state, ui) =>
  (!isDrawn(state.document) ? "text" : hasText(state.document) ? ui.view : "pages");

/** @param {State} state @param {Ui} ui */
export function documentRegion(state, ui) {
  const now = situation(state, ui);
  if (now === "closed") return emptyView(state, ui);
  if (now === "opening") return html`${skeleton(state)}${splitter()}`;
  if (now === "refused") return refusedView(state);
  if (now !== "open") return lastWords(now, ui);
  const view = viewOf(state, ui);
  return html`${toolbar(state, ui)}${ui.find ? findBar(ui) : nothing}
    <div id="pane" class="pane ${view}" tabindex="0" role="region" aria-label=${words.page.scroll} @scroll=${scrolled}>
      ${view === "pages" ? pagesView(state, ui) : readingView(state, ui)}
    </div>
    ${ui.current ? html`<button class="back" @click=${backToStatement}>${icon("previous")}${words.header.back}</button>` : nothing}
    ${selectionBar(ui)}${splitter()}`;
}

/** Where the reader is: a page, and how much of it is above the line of reading. */
let anchor = { page: 1, fraction: 0 };
/** How far down the pane that line is, as a fraction of its height. */
const LINE = 0.3;
let lastScale = 0;
let lastView = "";
/** @type {string | undefined} */
let lastDocument;

/** @param {HTMLElement} pane @returns {HTMLElement[]} */
const leavesOf = (pane) => /** @type {HTMLElement[]} */ ([...pane.querySelectorAll(".leaf, .part")]);

/** @param {HTMLElement} pane */
function locate(pane) {
  const line = pane.scrollTop + pane.clientHeight * LINE;
  const leaves = leavesOf(pane);
  let low = 0, high = leaves.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (leaves[middle].offsetTop <= line) low = middle;
    else high = middle - 1;
  }
  const leaf = leaves[low];
  if (!leaf) return;
  anchor = { page: Number(leaf.dataset.page) || 1, fraction: (line - leaf.offsetTop) / leaf.offsetHeight };
}

/** @param {Event} event */
function scrolled(event) {
  locate(/** @type {HTMLElement} */ (event.currentTarget));
  if (anchor.page !== store.ui.page) change({ page: anchor.page });
}

const resized = new ResizeObserver(([{ target }]) => {
  if (target.clientWidth && target.clientWidth !== store.ui.paneWidth) change({ paneWidth: target.clientWidth });
});
/** @type {Element?} */
let watched = null;

/** Finish what a template cannot do: watch, keep the place, scroll to where the reader wants.
 * @param {State} state @param {Ui} ui */
export function afterDocument(state, ui) {
  const pane = document.getElementById("pane");
  if (!pane) return void (watched = null);
  if (watched !== pane) {
    if (watched) resized.unobserve(watched);
    resized.observe((watched = pane));
  }
  const view = viewOf(state, ui);
  if (view === "pages") watchPages(pane);
  if (lastDocument !== state.document?.id) {
    lastDocument = state.document?.id;
    anchor = { page: 1, fraction: 0 };
    pane.scrollTop = 0;
  }
  const scale = view === "pages" ? scaleOf(state.document?.pages ?? [], ui) : 0;
  if (scale !== lastScale || view !== lastView) {
    if (lastView) restore(pane);
    lastScale = scale;
    lastView = view;
    if (view === "pages") fetchNear();
  }
  const goal = takeGoal();
  if (goal && pane.clientHeight) reach(pane, goal, view);
  else if (goal) keepGoal(goal);
}

/** Put the same place under the line of reading again.
 * @param {HTMLElement} pane */
function restore(pane) {
  const leaf = leavesOf(pane).find((each) => Number(each.dataset.page) === anchor.page);
  if (!leaf || (anchor.page === 1 && anchor.fraction < LINE)) return;
  pane.scrollTop = leaf.offsetTop + anchor.fraction * leaf.offsetHeight - pane.clientHeight * LINE;
}

/** Scroll the pane to a place, and let the page's edge flash once.
 * @param {HTMLElement} pane @param {{page?: number, y?: number, start?: number, flash?: boolean}} goal
 * @param {"pages" | "text"} view */
function reach(pane, goal, view) {
  if (view === "text") {
    if (goal.start === undefined) return;
    if (!isLoaded(goal.start)) {
      keepGoal(goal);
      return void loadUntil(goal.start);
    }
    const block = /** @type {HTMLElement?} */ (pane.querySelector(`mark[data-start="${goal.start}"]`)
      ?? [...pane.querySelectorAll("[data-to]")].find((each) =>
        Number(/** @type {HTMLElement} */ (each).dataset.to) > Number(goal.start)));
    if (block) move(pane, block.getBoundingClientRect().top - pane.getBoundingClientRect().top + pane.scrollTop - pane.clientHeight * LINE);
    return;
  }
  const leaf = document.getElementById(`page-${goal.page}`);
  const page = /** @type {HTMLElement?} */ (leaf?.firstElementChild);
  if (!leaf || !page) return;
  const y = goal.y === undefined ? -16 : page.offsetHeight * goal.y - pane.clientHeight * LINE;
  move(pane, leaf.offsetTop + y);
  if (goal.flash && !calm()) {
    page.animate([{ outlineColor: "var(--accent)" }, { outlineColor: "transparent" }], { duration: 900, easing: "ease-out" });
  }
}

/** Glide where it is near, jump where it is far.
 * @param {HTMLElement} pane @param {number} top */
function move(pane, top) {
  const far = Math.abs(top - pane.scrollTop) > 3 * pane.clientHeight;
  pane.scrollTo({ top, behavior: far || calm() ? "instant" : "smooth" });
}
