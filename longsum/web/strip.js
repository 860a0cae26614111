// @ts-check
// One thin row a page: what has been read, where the answers come from, where the reader is; and the range to read.
import { html, nothing } from "./vendor/lit-html.js";
import { evidencePages, isCurrent, passages } from "./marks.js";
import { goToPage } from "./moves.js";
import { pageName } from "./paging.js";
import { chosenRange, setRange } from "./range.js";
import { partsJob } from "./part_now.js";
import { isReading } from "./state.js";
import { store } from "./store.js";
import { words } from "./words.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Ui} Ui */

/** Return how many rows share one number, so that numbers do not touch.
 * @param {number} rows */
const numberEvery = (rows) => [1, 2, 5, 10, 20, 50, 100].find((step) => rows / step <= 32) ?? 200;

/** Return the last page that has been read.
 * @param {State} state */
function readUntil(state) {
  const { phase, read, prefill, document, parts, part, throughParts } = state;
  if (parts) {
    if (throughParts && !partsJob(state)) return Infinity;
    if (!part) return 0;
    return part.number ? Math.max(prefill?.page ?? 0, (part.first ?? 1) - 1) : Infinity;
  }
  if (read || phase === "ready" || phase === "keeping") return Infinity;
  if (!prefill || !document) return 0;
  return prefill.page ?? Math.floor((document.pages.length * prefill.done) / (prefill.total || 1));
}

/** Steps of the arrow keys on something that moves through pages.
 * @param {KeyboardEvent} event @param {number} now @param {number} last @returns {number?} */
function stepped(event, now, last) {
  const to = { ArrowUp: now - 1, ArrowLeft: now - 1, ArrowDown: now + 1, ArrowRight: now + 1, PageUp: now - 10, PageDown: now + 10, Home: 1, End: last }[event.key];
  if (to === undefined) return null;
  event.preventDefault();
  event.stopPropagation();
  return to;
}

/** Return the page at a height of the strip.
 * @param {number} y @param {number} many */
function pageAt(y, many) {
  const box = document.querySelector("#strip .rows")?.getBoundingClientRect();
  return box ? Math.max(1, Math.min(many, 1 + Math.floor((many * (y - box.top)) / box.height))) : 1;
}

/** @param {"from" | "to"} end @param {number} page @param {number} many @param {State} state */
function handle(end, page, many, state) {
  const drag = (/** @type {PointerEvent} */ event) => {
    const knob = /** @type {HTMLElement} */ (event.currentTarget);
    if (event.type === "pointerdown") knob.setPointerCapture(event.pointerId);
    if (knob.hasPointerCapture(event.pointerId)) setRange(end, pageAt(event.clientY, many));
  };
  return html`<div class="handle ${end}" role="slider" tabindex="0" aria-orientation="vertical"
    aria-label=${end === "from" ? words.unfit.first : words.unfit.last} aria-valuemin="1" aria-valuemax=${many}
    aria-valuenow=${page} aria-valuetext=${pageName(state.document, page)}
    @pointerdown=${drag} @pointermove=${drag} @keydown=${(/** @type {KeyboardEvent} */ event) => {
      const now = chosenRange(store.state, store.ui)?.[end] ?? page;  // not what was drawn last
      const to = stepped(event, now, many);
      if (to !== null) setRange(end, to);
    }}></div>`;
}

/** @param {State} state @param {Ui} ui */
export function strip(state, ui) {
  const { document } = state;
  if (!document?.pages.length) return nothing;
  const many = document.pages.length;
  const all = passages(state.jobs);
  const dots = evidencePages(all);
  const now = new Set(all.filter((each) => isCurrent(each, ui.current)).flatMap((each) => each.marks.map(({ page }) => page)));
  const until = readUntil(state);
  const range = chosenRange(state, ui);
  const every = numberEvery(many);
  const row = (/** @type {import("./types.js").Page} */ page) => {
    const n = page.number;
    const names = [
      "row", page.read && n <= until && "read", isReading(state) && n === until && "head", !page.read && "unread",
      range && (n < range.from || n > range.to) && "out", range && n === range.from && "first", range && n === range.to && "last",
      n === ui.page && "here", now.has(n) && "now",
    ].filter(Boolean).join(" ");
    const many_ = Math.min(3, dots.get(n) ?? 0);
    return html`<span class=${names} title=${pageName(document, n)}>
      <span class="n">${n % every === 0 || (n === 1 && every < 10) ? n : nothing}</span><span class="bar"></span>
      <span class="dots">${Array.from({ length: many_ }, () => html`<i></i>`)}</span></span>`;
  };
  return html`<div class="rows${range ? " choosing" : ""}" data-many=${many > 120 ? "many" : "few"} role=${range ? "group" : "slider"} tabindex=${range ? nothing : "0"} aria-orientation=${range ? nothing : "vertical"}
    aria-label=${words.page.strip} aria-valuemin=${range ? nothing : 1} aria-valuemax=${range ? nothing : many} aria-valuenow=${range ? nothing : ui.page}
    aria-valuetext=${range ? nothing : pageName(document, ui.page)}
    @click=${(/** @type {MouseEvent} */ event) => !(/** @type {Element} */ (event.target).closest(".handle")) && goToPage(pageAt(event.clientY, many))}
    @keydown=${(/** @type {KeyboardEvent} */ event) => {
      const to = range ? null : stepped(event, ui.page, many);
      if (to !== null) goToPage(to);
    }}>${document.pages.map(row)}
    ${range ? [handle("from", range.from, many, state), handle("to", range.to, many, state)] : nothing}</div>`;
}

/** Put the ends of the range where their pages are.
 * @param {State} state @param {Ui} ui */
export function afterStrip(state, ui) {
  const rows = /** @type {HTMLElement?} */ (document.querySelector("#strip .rows"));
  const many = state.document?.pages.length ?? 0;
  const range = chosenRange(state, ui);
  rows?.style.setProperty("--rows", String(many));
  if (!rows || !range) return;
  const [from, to] = /** @type {HTMLElement[]} */ ([...rows.querySelectorAll(".handle")]);
  from.style.setProperty("top", `${(100 * (range.from - 1)) / many}%`);
  to.style.setProperty("top", `${(100 * range.to) / many}%`);
}
