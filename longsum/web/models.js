// @ts-check
// The models: what is here, what would fit and why not, and fetching one after a click that states its size.
import { html, nothing } from "./vendor/lit-html.js";
import { loadModels, pull, read, stopPull } from "./actions.js";
import { bytes } from "./format.js";
import { icon } from "./icons.js";
import { change } from "./store.js";
import { words } from "./words.js";

/** @param {any} model */
function fit({ fits, why }) {
  const { models } = words;
  if (fits === null || fits === undefined) return html`<span class="fit">${why ? html`<bdi>${why}</bdi>` : models.unknown}</span>`;
  return fits
    ? html`<span class="fit good">${icon("check")}${why ? html`${models.tight} <bdi>${why}</bdi>` : models.fits}</span>`
    : html`<span class="fit bad">${icon("close")}${models.not}${why ? html`: <bdi>${why}</bdi>` : nothing}</span>`;
}

let refreshed = "";

/** @param {any} model @param {any} pulled @param {boolean} open whether a document is open */
function acts(model, pulled, open) {
  const { models } = words;
  if (pulled?.state === "pulling") {
    return html`<div class="pull"><progress max=${pulled.total || 1} .value=${pulled.done} aria-label=${model.title}></progress>
      <span class="note">${models.pulling(pulled.done, pulled.total)}</span>
      <button class="small" @click=${() => stopPull(model.name)}>${icon("stop")}${models.stop}</button></div>`;
  }
  if (pulled?.state === "done" && !model.here && refreshed !== model.name) {
    refreshed = model.name;
    loadModels();
  }
  const note = pulled?.state === "failed" ? html`<p class="note bad"><bdi>${pulled.message || models.failed}</bdi></p>`
    : pulled?.state === "stopped" ? html`<p class="note">${models.stopped}</p>` : nothing;
  if (!model.here) return html`${note}<button @click=${() => pull(model.name)}>${models.pull(model.size)}</button>`;
  if (model.chosen) return html`<span class="fit good">${icon("check")}${models.current}</span>`;
  return open ? html`<button @click=${() => {
    change({ dialog: null });
    read({ model: model.name });
  }}>${models.use}</button>` : nothing;
}

/** @param {import("./types.js").State} state @param {import("./types.js").Ui} ui */
export function modelsPanel(state, ui) {
  if (!ui.models) return html`<p class="note pulse">${words.models.loading}</p>`;
  return html`<p class="note lead">${words.models.about}</p><ul class="list">${ui.models.map((/** @type {any} */ model) => html`<li class=${model.chosen ? "entry chosen" : "entry"}>
    <div class="what"><h3><bdi>${model.title || model.name}</bdi></h3><p><bdi>${model.about}</bdi></p>
      <p class="facts"><span>${words.models.window(model.window)}</span>${model.here ? html`<span>${words.models.here}</span>` : html`<span>${bytes(model.size)}</span>`}
        <span>${words.models.licence(model.licence)}</span></p>${fit(model)}</div>
    <div class="do">${acts(model, state.pulls[model.name], Boolean(state.document))}</div></li>`)}</ul>`;
}
