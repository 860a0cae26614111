// @ts-check
// Which part of the page shows what. Each region is drawn by itself, and only if what it shows changed.
import { html, nothing, render } from "./vendor/lit-html.js";
import { afterAnswers, answersRegion, beforeAnswers } from "./answers.js";
import { banners } from "./banners.js";
import { dialogs, afterDialogs } from "./dialogs.js";
import { documentRegion, afterDocument } from "./document.js";
import { footer } from "./footer.js";
import { header } from "./header.js";
import { notes } from "./notes.js";
import { afterRefused } from "./refused.js";
import { afterStrip, strip } from "./strip.js";
import { store, change } from "./store.js";
import { words } from "./words.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Ui} Ui */

/** Name the situation the page is in; it decides which regions there are.
 * @param {State} state @param {Ui} ui */
export function situation(state, ui) {
  if (ui.connection === "locked") return "locked";
  if (state.ended) return "ended";
  if (state.stage === "unknown") return ui.connection === "lost" ? "lost" : "joining";
  if (state.stage === "refused" && state.document && state.refused?.pictures) return "open";
  return state.stage;
}

const skips = () => html`<a class="skip" href="#document">${words.skip.document}</a>
  <a class="skip" href="#answers">${words.skip.answers}</a>`;

/** @param {State} _ @param {Ui} ui */
function tabs(_, ui) {
  const tab = (/** @type {"document" | "answers"} */ name) => html`<button role="tab"
    aria-selected=${ui.tab === name ? "true" : "false"} aria-controls=${name} tabindex=${ui.tab === name ? 0 : -1}
    @click=${() => change({ tab: name })} @keydown=${turn}>${words.tab[name]}</button>`;
  return html`<div role="tablist" aria-label=${words.tab.label}>${tab("document")}${tab("answers")}</div>`;
}

/** @param {KeyboardEvent} event */
function turn(event) {
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  change({ tab: store.ui.tab === "document" ? "answers" : "document" });
  const list = /** @type {HTMLElement} */ (event.currentTarget).parentElement;
  requestAnimationFrame(() => /** @type {HTMLElement?} */ (list?.querySelector("[aria-selected=true]"))?.focus());
}

/** @type {[string, (state: State, ui: Ui) => any, boolean][]} the id, the template, only with a document */
const REGIONS = [
  ["skips", skips, true],
  ["header", header, false],
  ["banners", banners, false],
  ["tabs", tabs, true],
  ["strip", strip, true],
  ["document", documentRegion, false],
  ["answers", answersRegion, true],
  ["notes", notes, false],
  ["footer", footer, false],
  ["dialogs", dialogs, false],
];

/** Return how much is read, for the title of a tab in the background.
 * @param {State} state */
function readSoFar({ phase, prefill }) {
  return phase === "reading" && prefill?.total ? words.reading.percent(Math.floor((100 * prefill.done) / prefill.total)) : "";
}

export function drawRegions() {
  const { state, ui } = store;
  const now = situation(state, ui);
  const withDocument = now === "open" || now === "opening";
  document.body.dataset.situation = now;
  document.body.dataset.tab = ui.tab;
  document.body.toggleAttribute("data-greyed", ui.connection === "lost");
  document.title = [readSoFar(state), state.document?.name, words.app].filter(Boolean).join(" – ");
  beforeAnswers();
  for (const [id, label] of Object.entries(words.regions)) document.getElementById(id)?.setAttribute("aria-label", label);
  for (const [id, template, needsDocument] of REGIONS) {
    const element = /** @type {HTMLElement} */ (document.getElementById(id));
    const shown = withDocument || !needsDocument;
    element.hidden = !shown || (id === "strip" && !state.document?.pages.length);
    render(element.hidden ? nothing : template(state, ui), element);
  }
  afterStrip(state, ui);
  afterDocument(state, ui);
  afterRefused();
  afterAnswers();
  afterDialogs(ui);
}
