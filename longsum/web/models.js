// @ts-check
// The models: what is here, what would fit and why not, and fetching one after a click that states its size.
import { html, nothing } from "./vendor/lit-html.js";
import { loadModels, loadPlan, pull, read, stopPull } from "./actions.js";
import { bytes } from "./format.js";
import { icon } from "./icons.js";
import { memoryBar } from "./plan.js";
import { change } from "./store.js";
import { words } from "./words.js";

/** @param {any} model @param {import("./types.js").State} state */
function fit({ fits, window }, state) {
  const { models } = words;
  const needed = state.counted && state.counted.tokens + state.counted.prompt + state.counted.answer;
  if (needed && window < needed) return html`<span class="fit bad">${icon("close")}${models.small(window, needed)}</span>`;
  if (fits === "no") return html`<span class="fit bad">${icon("close")}${models.not}</span>`;
  return html`<span class="fit good">${icon("check")}${models.fits}${fits === "yes" ? nothing : html` <bdi>${fits}</bdi>`}</span>`;
}

/** @param {any} model @param {import("./types.js").State} state @param {import("./types.js").Ui} ui */
function plan({ alias }, state, ui) {
  if (!state.document?.characters) return nothing;
  const known = ui.plans[alias];
  return html`<details class="memory" @toggle=${(/** @type {any} */ event) => event.target.open && !known && loadPlan(alias)}>
    <summary>${words.models.plan}</summary>${known ? memoryBar(known.planned) : html`<p class="note pulse">${words.models.loading}</p>`}</details>`;
}

let refreshed = "";

/** @param {any} model @param {any} pulled @param {import("./types.js").State} state */
function acts(model, pulled, state) {
  const { models } = words;
  if (pulled?.state === "pulling") {
    return html`<div class="pull"><progress max=${pulled.total || 1} .value=${pulled.done} aria-label=${model.alias}></progress>
      <span class="note">${models.pulling(pulled.done, pulled.total)}</span>
      <button class="small" @click=${() => stopPull(model.alias)}>${icon("stop")}${models.stop}</button></div>`;
  }
  if (pulled?.state === "done" && !model.here && refreshed !== model.alias) {
    refreshed = model.alias;
    loadModels();
  }
  const note = pulled?.state === "failed" ? html`<p class="note bad"><bdi>${[pulled.message, pulled.hint].filter(Boolean).join(" ") || models.failed}</bdi></p>`
    : pulled?.state === "stopped" ? html`<p class="note">${models.stopped}</p>` : nothing;
  if (!model.here) return html`${note}<button @click=${() => pull(model.alias)}>${models.pull(model.bytes)}</button>`;
  const used = state.counted ? state.counted.model === model.alias : model.default;
  if (used) return html`<span class="fit good">${icon("check")}${models.current}</span>`;
  return state.document ? html`<button @click=${() => {
    change({ dialog: null });
    read({ model: model.alias });
  }}>${models.use}</button>` : nothing;
}

/** @param {import("./types.js").State} state @param {import("./types.js").Ui} ui */
export function modelsPanel(state, ui) {
  if (!ui.models) return html`<p class="note pulse">${words.models.loading}</p>`;
  return html`<p class="note lead">${words.models.about}</p><ul class="list">${ui.models.map((/** @type {any} */ model) => html`<li class="entry">
    <div class="what"><h3><bdi>${model.alias}</bdi></h3><p><bdi>${model.note}</bdi></p>
      <p class="facts"><span>${words.models.window(model.window)}</span><span>${model.here ? words.models.here : bytes(model.bytes)}</span>
        <span>${words.models.licence(model.licence)}</span></p>${fit(model, state)}${plan(model, state, ui)}</div>
    <div class="do">${acts(model, state.pulls[model.alias], state)}</div></li>`)}</ul>`;
}
