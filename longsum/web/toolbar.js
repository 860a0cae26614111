// @ts-check
// The document's own line of tools: page, zoom, pages or text, contents, find.
import { html, nothing } from "./vendor/lit-html.js";
import { loadOutline } from "./actions.js";
import { openFind } from "./find.js";
import { icon } from "./icons.js";
import { remember } from "./memory.js";
import { closeMenus, menu } from "./menu.js";
import { goToPage, keepPlace } from "./moves.js";
import { hasText, isDrawn, pageOf } from "./paging.js";
import { scaleOf } from "./pages.js";
import { change, store } from "./store.js";
import { words } from "./words.js";

const STEPS = [0.25, 0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 2.5, 3, 4];

/** @param {number | "fit"} zoom */
export function setZoom(zoom) {
  remember("zoom", zoom);
  change({ zoom });
}

/** Take the next larger or smaller step of zoom.
 * @param {1 | -1} direction */
export function stepZoom(direction) {
  const now = scaleOf(store.state.document?.pages ?? [], store.ui) / (96 / 72);
  const next = direction > 0 ? STEPS.find((step) => step > now + 0.01) : STEPS.findLast((step) => step < now - 0.01);
  if (next) setZoom(next);
}

/** @param {"pages" | "text"} view */
export function setView(view) {
  remember("view", view);
  change({ view });
  keepPlace();
}

/** @param {string} name @param {any} face @param {() => void} act @param {boolean} [off] */
const tool = (name, face, act, off = false) => html`<button class="quiet" aria-label=${name} title=${name}
  ?disabled=${off} @click=${act}>${face}</button>`;

/** @param {import("./types.js").Document} document @param {import("./types.js").Ui} ui */
function pageField(document, ui) {
  const { pages } = document;
  const label = pageOf(document, ui.page)?.label;
  return html`<div class="group">
    ${tool(words.page.previous, icon("previous"), () => goToPage(ui.page - 1), ui.page <= 1)}
    <input id="page-number" class="number" type="text" inputmode="numeric" aria-label=${words.page.number}
      .value=${String(ui.page)} @focus=${(/** @type {any} */ e) => e.target.select()}
      @change=${(/** @type {any} */ e) => goToPage(Number(e.target.value))}>
    <span class="of">${words.page.of(pages.length)}</span>
    ${label && label !== String(ui.page) ? html`<span class="printed">${words.page.printed(label)}</span>` : nothing}
    ${tool(words.page.next, icon("next"), () => goToPage(ui.page + 1), ui.page >= pages.length)}
  </div>`;
}

/** @param {import("./types.js").Ui} ui @param {import("./types.js").Page[]} pages */
const zoomTools = (ui, pages) => html`<div class="group zoom">
  ${tool(words.page.zoomOut, icon("minus"), () => stepZoom(-1))}
  <span class="percent">${words.page.zoom(scaleOf(pages, ui) / (96 / 72))}</span>
  ${tool(words.page.zoomIn, icon("plus"), () => stepZoom(1))}
  <button class="quiet" aria-label=${words.page.fit} title=${words.page.fit} aria-pressed=${ui.zoom === "fit" ? "true" : "false"}
    @click=${() => setZoom("fit")}>${icon("fit")}</button></div>`;

/** @param {import("./types.js").Ui} ui */
function contents(ui) {
  const items = ui.outline;
  const top = Math.min(...(items ?? []).map((/** @type {any} */ each) => each.level));
  const list = items?.length
    ? items.map((/** @type {any} */ each) => html`<li><button class="item" data-level=${Math.min(3, each.level - top + 1)} @click=${() => {
      closeMenus();
      goToPage(each.page);
    }}><bdi>${each.title}</bdi><span class="ref">${each.page}</span></button></li>`)
    : html`<li class="note">${items ? words.page.noOutline : words.library.loading}</li>`;
  return html`<div class="group" @toggle=${{ handleEvent: () => ui.outline ?? loadOutline(), capture: true }}>
    ${menu("outline", icon("contents"), words.page.outline, list)}</div>`;
}

/** @param {import("./types.js").Ui} ui */
const viewSwitch = (ui) => html`<div class="switch" role="group" aria-label=${words.page.view}>
  ${/** @type {const} */ (["pages", "text"]).map((view) => html`<button aria-pressed=${ui.view === view ? "true" : "false"}
    @click=${() => setView(view)}>${words.page[view]}</button>`)}</div>`;

/** @param {import("./types.js").State} state @param {import("./types.js").Ui} ui */
export function toolbar(state, ui) {
  const { document } = state;
  if (!document) return nothing;
  const paged = document.pages.length > 0, drawn = isDrawn(document), worded = hasText(document);
  return html`<div class="bars"><div class="bar">
    ${paged ? pageField(document, ui) : html`<p class="of">${document.words ? words.page.words(document.words) : nothing}</p>`}
    ${drawn && ui.view === "pages" ? zoomTools(ui, document.pages) : nothing}
    <div class="group end">
      ${drawn ? contents(ui) : nothing}
      ${worded ? tool(words.header.find, icon("find"), openFind) : nothing}
      ${drawn && worded ? viewSwitch(ui) : nothing}
    </div></div></div>`;
}
