// @ts-check
// What keeps the document from being read or answered, each with the buttons that help.
import { html, nothing } from "./vendor/lit-html.js";
import { chooseFile, read } from "./actions.js";
import { copyText } from "./copying.js";
import { openDialog } from "./dialogs.js";
import { beforeCommand, sentence } from "./format.js";
import { icon } from "./icons.js";
import { forgetPictures } from "./pictures.js";
import { asPages, byPage, chosenRange, needs, setRange } from "./range.js";
import { store } from "./store.js";
import { setView } from "./toolbar.js";
import { words } from "./words.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Ui} Ui */

/** A command to run in a terminal, with a button that copies it.
 * @param {string | null | undefined} line @param {Ui} [ui] */
export const commandLine = (line, ui = store.ui) => (line ? html`<div class="command"><code><bdi>${line}</bdi></code>
  <button class="quiet small" @click=${() => copyText(line, `line-${line}`)}>${icon(ui.copied === `line-${line}` ? "check" : "copy")}${ui.copied === `line-${line}` ? words.menu.copied : words.refused.copy}</button></div>` : nothing);

/** @param {string} title @param {string} message @param {string | null | undefined} hint @param {any} rest */
const card = (title, message, hint, rest) => html`<section class="card trouble"><h3>${icon("alert")}${title}</h3>
  <p><bdi>${sentence(message)}</bdi></p>${hint ? html`<p class="note"><bdi>${sentence(hint)}</bdi></p>` : nothing}${rest}</section>`;

/** @param {"from" | "to"} end @param {number} value */
const pageInput = (end, value) => html`<label>${words.unfit[end]} <input class="number" type="number" min="1"
  max=${store.state.document?.pages.length ?? 1} .value=${String(value)}
  @input=${(/** @type {any} */ event) => event.target.value && setRange(end, Number(event.target.value))}></label>`;

/** Choose pages: the numbers here, the handles on the strip, one count of tokens.
 * @param {State} state @param {Ui} ui */
function rangeChooser(state, ui) {
  const range = chosenRange(state, ui), counted = byPage(state);
  if (!range || !counted) return nothing;
  const { tokens, over, spare } = needs(counted, range);
  return html`<div class="choose"><h4>${words.unfit.range}</h4>
    <p class="ends">${pageInput("from", range.from)}${pageInput("to", range.to)}</p>
    <meter min="0" max=${Math.max(counted.window, tokens)} .value=${tokens} high=${counted.window} class=${over ? "over" : ""} aria-label=${words.unfit.plan}></meter>
    <p class="facts" role="status"><span>${words.unfit.tokens(tokens, counted.window)}</span>
      <b class=${over ? "bad" : "good"}>${over ? words.unfit.over(over) : words.unfit.left(spare)}</b></p>
    <p class="note">${words.unfit.rangeHint}</p>
    <button class="primary" ?disabled=${over > 0} @click=${() => read({ pages: asPages(range) })}>${words.unfit.readThese(range.from, range.to)}</button></div>`;
}

/** The memory plan as a stacked bar against what is free.
 * @param {State} state */
function memoryBar({ planned }) {
  if (!planned) return nothing;
  const whole = Math.max(planned.total, planned.free) || 1;
  let x = 0;
  const pieces = planned.parts.map((part, index) => {
    const at = x;
    x += (100 * part.bytes) / whole;
    return { ...part, at, width: Math.max(0, x - at), index };
  });
  const free = (100 * planned.free) / whole;
  return html`<div class="plan"><h4>${words.unfit.plan}</h4>
    <svg class="stack" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect class="free" width=${Math.min(100, free)} height="10"></rect>
      ${pieces.map((piece) => bar(piece))}${line(free)}</svg>
    <p class="facts"><span>${words.unfit.needs(planned.total)}</span><span>${words.unfit.free(planned.free)}</span>
      ${planned.total > planned.free ? html`<b class="bad">${words.unfit.short(planned.total - planned.free)}</b>` : nothing}</p>
    <ul class="legend">${pieces.map((piece) => html`<li><i class="part-${piece.index % 4}"></i><bdi>${piece.name}</bdi> <span>${words.opening.size(piece.bytes)}</span></li>`)}</ul></div>`;
}

/** @param {any} piece */
const bar = (piece) => html`<svg x=${piece.at} width=${piece.width} height="10" viewBox="0 0 1 1" preserveAspectRatio="none"><rect class="part-${piece.index % 4}" width="1" height="1"></rect></svg>`;

/** @param {number} at */
const line = (at) => html`<svg x=${Math.min(99.4, at)} width="0.6" height="10" viewBox="0 0 1 1" preserveAspectRatio="none"><rect class="limit" width="1" height="1"></rect></svg>`;

/** @param {State} state @param {Ui} ui */
function unfit(state, ui) {
  const { unfit: why } = state;
  if (!why) return nothing;
  const long = why.error === "DocumentTooLong", memory = why.error === "InsufficientMemory";
  const title = long ? words.unfit.long : memory ? words.unfit.memory : /Model/.test(why.error) ? words.unfit.model : words.unfit.other;
  const choices = (why.choices ?? []).filter(({ body }) => !long || body.pages === undefined);
  return card(title, why.message, long ? null : beforeCommand(why.hint, why.copy), html`
    ${memory ? memoryBar(state) : nothing}
    ${long ? rangeChooser(state, ui) : nothing}
    ${long && choices.length ? html`<h4>${words.unfit.or}</h4>` : nothing}
    <div class="choices">${choices.map((choice, index) => html`<button class=${index || long ? "" : "primary"} @click=${() => read(choice.body)}><bdi>${choice.label}</bdi></button>`)}
      <button class="quiet" @click=${() => openDialog("models")}>${words.unfit.models}</button></div>
    ${long ? nothing : commandLine(why.copy, ui)}`);
}

/** @param {State} state @param {Ui} ui */
export function trouble(state, ui) {
  const { lost, refused } = state;
  return html`${unfit(state, ui)}
    ${lost.reader ? card(words.lost.reader, lost.reader.message, lost.reader.hint, html`<div class="choices">
      <button class="primary" @click=${() => read({})}>${words.lost.again}</button>
      <button @click=${() => openDialog("models")}>${words.lost.models}</button></div>`) : nothing}
    ${lost.pages ? card(words.lost.pages, lost.pages.message, lost.pages.hint, html`<div class="choices">
      <button class="primary" @click=${() => forgetPictures({ failed: true })}>${words.lost.retry}</button>
      <button @click=${() => setView("text")}>${words.lost.text}</button></div>`) : nothing}
    ${refused ? card(words.refused.titles.scanned, refused.message, beforeCommand(refused.hint, refused.copy), html`
      ${commandLine(refused.copy, ui)}
      <div class="choices"><button class="primary" @click=${chooseFile}>${words.refused.other}</button></div>`) : nothing}`;
}
