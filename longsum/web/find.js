// @ts-check
// Find in the document: the server knows the words, so that hyphens and line breaks do not matter.
import { html, nothing } from "./vendor/lit-html.js";
import { run } from "./actions.js";
import { get } from "./api.js";
import { icon } from "./icons.js";
import { scrollDocument } from "./moves.js";
import { change, store } from "./store.js";
import { words } from "./words.js";

export function openFind() {
  if (!store.state.document) return;
  if (!store.ui.find) change({ find: { query: "", results: null, more: false, at: 0 } });
  requestAnimationFrame(() => /** @type {HTMLInputElement?} */ (document.getElementById("find-text"))?.select());
}

export function closeFind() {
  change({ find: null });
  document.getElementById("pane")?.focus({ preventScroll: true });
}

/** @param {string} query */
async function search(query) {
  if (!query.trim()) return change({ find: { query, results: null, more: false, at: 0 } });
  const answer = await run(get(`/api/find?q=${encodeURIComponent(query)}`));
  if (!answer || !store.ui.find) return undefined;
  const here = answer.found.findIndex((/** @type {any} */ each) => each.page >= store.ui.page);
  change({ find: { query, results: answer.found, more: answer.more, at: Math.max(0, here) } });
  return show(store.ui.find.at);
}

/** @param {number} at */
function show(at) {
  const { find } = store.ui;
  const match = find?.results?.[at];
  if (!match) return;
  change({ find: { ...find, at } });
  scrollDocument({ page: match.page, y: match.marks[0]?.rects[0]?.[1], start: match.start });
  requestAnimationFrame(() => document.querySelector(".hits [aria-current=true]")?.scrollIntoView({ block: "nearest" }));
}

/** @param {1 | -1} step */
export function stepFind(step) {
  const { find } = store.ui;
  const many = find?.results?.length ?? 0;
  if (many) show((find.at + step + many) % many);
}

/** @param {KeyboardEvent} event */
function keyed(event) {
  if (event.key === "Escape") return closeFind();
  if (event.key !== "Enter") return undefined;
  event.preventDefault();
  const query = /** @type {HTMLInputElement} */ (event.target).value;
  if (query !== store.ui.find?.query || !store.ui.find.results) return search(query);
  return stepFind(event.shiftKey ? -1 : 1);
}

/** @param {any} find */
function hits(find) {
  if (!find.results?.length) return nothing;
  return html`<ol class="hits" aria-label=${words.find.results} tabindex="0">${find.results.map((/** @type {any} */ hit, /** @type {number} */ index) => html`<li>
    <button class="hit" aria-current=${index === find.at ? "true" : "false"} @click=${() => show(index)}>
      <span class="ref"><bdi>${hit.reference}</bdi></span>
      <bdi class="context">${hit.before}<b>${hit.text}</b>${hit.after}</bdi></button></li>`)}</ol>`;
}

/** @param {import("./types.js").Ui} ui */
export function findBar({ find }) {
  const many = find.results?.length;
  return html`<search class="find" aria-label=${words.find.label}>
    <div class="findline">
      ${icon("find")}
      <input id="find-text" type="search" aria-label=${words.find.label} placeholder=${words.find.type}
        .value=${find.query} @keydown=${keyed} autocomplete="off" spellcheck="false">
      <span class="count" role="status">${many ? words.find.count(find.at + 1, many, find.more) : find.results ? words.find.none : nothing}</span>
      <button class="quiet" ?disabled=${!many} aria-label=${words.find.previous} title=${words.find.previous} @click=${() => stepFind(-1)}>${icon("up")}</button>
      <button class="quiet" ?disabled=${!many} aria-label=${words.find.next} title=${words.find.next} @click=${() => stepFind(1)}>${icon("down")}</button>
      <button class="quiet" aria-label=${words.find.close} title=${words.find.close} @click=${closeFind}>${icon("close")}</button>
    </div>
    ${hits(find)}</search>`;
}
