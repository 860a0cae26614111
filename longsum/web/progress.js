// @ts-check
// Loading and reading: how far, how fast, how long still; and Stop.
import { html, nothing } from "./vendor/lit-html.js";
import { read, stopReading } from "./actions.js";
import { sentence } from "./format.js";
import { icon } from "./icons.js";
import { partsProgress } from "./parts.js";
import { partsJob } from "./part_now.js";
import { words } from "./words.js";

/** @param {any} body */
const card = (body) => html`<section class="card progress">${body}</section>`;

const stop = () => html`<button class="small" @click=${stopReading}>${icon("stop")}${words.reading.stop}</button>`;

/** @param {import("./types.js").State} state @param {import("./types.js").Ui} ui */
function reading({ document, prefill }, ui) {
  const { reading } = words;
  const { done = 0, total = 0, page, tokens_per_s, seconds_left } = prefill ?? {};
  const percent = total ? Math.floor((100 * done) / total) : 0;
  const facts = [
    page && document?.total_pages ? reading.page(document.unit?.name ?? words.page.unit, page, document.total_pages) : total ? reading.tokens(done, total) : null,
    tokens_per_s ? reading.speed(tokens_per_s) : null,
    seconds_left == null ? null : reading.left(Math.max(1, seconds_left - (Date.now() - ui.since) / 1000)),
  ].filter(Boolean);
  return card(html`<div class="head"><h3>${reading.title}</h3>${stop()}</div>
    <progress max=${total || 1} .value=${done} aria-label=${reading.bar}></progress>
    <p class="facts">${facts.map((fact) => html`<span>${fact}</span>`)}<span class="percent">${reading.percent(percent)}</span></p>`);
}

/** @param {import("./types.js").State} state @param {import("./types.js").Ui} ui */
export function progress(state, ui) {
  const { reading: say } = words;
  if (partsJob(state)) return partsProgress(state, ui);
  if (state.phase === "reading") return reading(state, ui);
  if (state.phase === "loading") {
    return card(html`<div class="head"><h3>${say.loading(state.counted?.model ?? "")}</h3>${stop()}</div>
      <progress aria-label=${say.bar}></progress><p class="facts"><span>${say.since((Date.now() - ui.since) / 1000)}</span></p>`);
  }
  if (state.failed) {
    return card(html`<h3>${say.failedTitle}</h3><p><bdi>${sentence(state.failed.message)}</bdi></p>
      ${state.failed.hint ? html`<p class="note"><bdi>${sentence(state.failed.hint)}</bdi></p>` : nothing}
      <div class="acts"><button class="primary" @click=${() => read({})}>${words.lost.again}</button></div>`);
  }
  if (state.readingStopped) {
    return card(html`<h3>${say.stoppedTitle}</h3><p>${say.stopped}</p>
      <div class="acts"><button class="primary" @click=${() => read({})}>${say.on}</button></div>`);
  }
  if (state.document && state.phase === "opening" && !state.refused) {
    return card(html`<p class="pulse">${say.extracting}</p>`);
  }
  return nothing;
}
