// @ts-check
// Documents opened before, with their answers and their size on the disk; Forget asks once.
import { html, nothing } from "./vendor/lit-html.js";
import { forget, openFromLibrary } from "./actions.js";
import { bytes, day } from "./format.js";
import { change } from "./store.js";
import { words } from "./words.js";

/** @param {any} document @param {import("./types.js").Ui} ui */
function entry(document, ui) {
  const { library } = words;
  const facts = [document.pages ? library.pages(document.pages) : "", library.answers(document.answers), bytes(document.bytes), day(document.opened)].filter(Boolean);
  return html`<li class="entry">
    <div class="what"><h3><bdi>${document.title || document.name}</bdi></h3>
      ${document.title ? html`<p class="note"><bdi>${document.name}</bdi></p>` : nothing}
      <p class="facts">${facts.map((fact) => html`<span>${fact}</span>`)}</p>
      ${document.here ? nothing : html`<p class="note bad">${library.gone}</p>`}</div>
    <div class="do">${ui.forgetting === document.id
      ? html`<p class="sure" role="alert">${library.sure}</p><button class="danger" @click=${() => forget(document.id)}>${library.yes}</button>
        <button class="quiet" @click=${() => change({ forgetting: null })}>${library.no}</button>`
      : html`<button ?disabled=${!document.here} @click=${() => openFromLibrary(document.id)}>${library.open}</button>
        <button class="quiet" @click=${() => change({ forgetting: document.id })}>${library.forget}</button>`}</div></li>`;
}

/** @param {import("./types.js").State} _state @param {import("./types.js").Ui} ui */
export function libraryPanel(_state, ui) {
  const { library } = ui;
  if (!library) return html`<p class="note pulse">${words.library.loading}</p>`;
  if (!library.documents.length) return html`<p class="note">${words.library.empty}</p>`;
  return html`<ul class="list">${library.documents.map((/** @type {any} */ each) => entry(each, ui))}</ul>
    <p class="note total">${words.library.total(library.bytes)}</p>`;
}
