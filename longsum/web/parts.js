// @ts-check
// A document in parts: the offer where it is too long, what is read now, and which parts there are.
import { html, nothing } from "./vendor/lit-html.js";
import { read, stopJob } from "./actions.js";
import { icon } from "./icons.js";
import { partFacts, partsJob, partTitle, shareOfParts } from "./part_now.js";
import { byPage } from "./range.js";
import { change } from "./store.js";
import { words } from "./words.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Ui} Ui */

/** Return the choice to read a document in parts, where it is offered.
 * @param {State} state */
export const partsChoice = ({ unfit }) => (unfit?.choices ?? []).find(({ body }) => body.parts);

/** The offer to read a document that is too long in parts; it never happens by itself.
 * @param {State} state */
export function partsOffer(state) {
  const choice = partsChoice(state);
  if (!choice) return nothing;
  return html`<div class="choose"><h4>${words.parts.whole}</h4>
    <p>${words.parts.offer}${state.unfit?.questions ? nothing : html` ${words.parts.questions}`}</p>
    <button class="primary" @click=${() => read(choice.body)}>${choice.label}</button></div>`;
}

/** The progress of an answer for which parts are read, with Stop.
 * @param {State} state @param {Ui} ui */
export function partsProgress(state, ui) {
  const job = partsJob(state);
  if (!job) return nothing;
  const share = shareOfParts(state);
  return html`<section class="card progress"><div class="head"><h3>${partTitle(state)}</h3>
      <button class="small" @click=${() => stopJob(job.job)}>${icon("stop")}${words.reading.stop}</button></div>
    <progress max="1" .value=${share} aria-label=${words.reading.bar}></progress>
    <p class="facts">${partFacts(state, ui.since).map((fact) => html`<span>${fact}</span>`)}
      <span class="percent">${words.reading.percent(Math.floor(100 * share))}</span></p></section>`;
}

/** Which parts a document is read in.
 * @param {State} state @param {Ui} ui */
export function partsLine(state, ui) {
  if (!state.parts || state.unfit || ui.choosing) return nothing;
  return html`<p class="partly"><span><bdi>${words.parts.line(state.parts.line)}</bdi></span>
    ${byPage(state)?.pages.length && !state.document?.selected
      ? html`<button class="small" @click=${() => change({ choosing: true })}>${words.unfit.range}</button>` : nothing}</p>`;
}
