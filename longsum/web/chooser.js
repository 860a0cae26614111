// @ts-check
// Choose pages: the numbers here, the handles on the strip, one live count of tokens.
import { html, nothing } from "./vendor/lit-html.js";
import { read } from "./actions.js";
import { partsChoice } from "./parts.js";
import { asPages, byPage, chosenRange, needs, setRange } from "./range.js";
import { change, store } from "./store.js";
import { words } from "./words.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Ui} Ui */

/** @param {"from" | "to"} end @param {number} value */
const pageInput = (end, value) => html`<label>${words.unfit[end]} <input class="number" type="number" min="1"
  max=${store.state.document?.pages.length ?? 1} .value=${String(value)}
  @input=${(/** @type {any} */ event) => event.target.value && setRange(end, Number(event.target.value))}></label>`;

/** Read the pages chosen, or all.
 * @param {string?} pages */
function readPages(pages) {
  change({ choosing: false, range: null });
  read({ pages });
}

/** @param {State} state @param {Ui} ui @param {any} [more] further buttons */
export function rangeChooser(state, ui, more = nothing) {
  const range = chosenRange(state, ui), counted = byPage(state);
  if (!range || !counted) return nothing;
  const { tokens, over, spare } = needs(counted, range);
  return html`<div class="choose"><h4>${words.unfit.range}</h4>
    <p class="ends">${pageInput("from", range.from)}${pageInput("to", range.to)}</p>
    <meter min="0" max=${Math.max(counted.window, tokens)} .value=${tokens} high=${counted.window} class=${over ? "over" : ""} aria-label=${words.unfit.plan}></meter>
    <p class="facts" role="status"><span>${words.unfit.tokens(tokens, counted.window)}</span>
      <b class=${over ? "bad" : "good"}>${over ? words.unfit.over(over) : words.unfit.left(spare)}</b></p>
    <p class="note">${words.unfit.rangeHint}</p>
    <div class="acts"><button class=${partsChoice(state) ? "" : "primary"} ?disabled=${over > 0} @click=${() => readPages(asPages(range))}>${words.unfit.readThese(range.from, range.to)}</button>${more}</div></div>`;
}

/** Other pages than those that were read: where the reader asks for it, or not all were read.
 * @param {State} state @param {Ui} ui */
export function chooser(state, ui) {
  const { document, unfit } = state;
  if (!document || unfit || !byPage(state)) return nothing;
  if (ui.choosing) {
    return html`<section class="card">${rangeChooser(state, ui, html`
      ${document.selected ? html`<button @click=${() => readPages(null)}>${words.unfit.readAll}</button>` : nothing}
      <button class="quiet" @click=${() => change({ choosing: false, range: null })}>${words.summary.cancel}</button>`)}</section>`;
  }
  if (!document.selected || state.phase !== "ready") return nothing;
  return html`<p class="partly"><span>${words.unfit.only(document.selected, document.total_pages)}</span>
    <button class="small" @click=${() => change({ choosing: true })}>${words.unfit.others}</button></p>`;
}
