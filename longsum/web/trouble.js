// @ts-check
// What keeps the document from being read or answered, each with the buttons that help.
import { html, nothing } from "./vendor/lit-html.js";
import { chooseFile, read } from "./actions.js";
import { chooser, rangeChooser } from "./chooser.js";
import { copyText } from "./copying.js";
import { openDialog } from "./dialogs.js";
import { beforeCommand, sentence } from "./format.js";
import { icon } from "./icons.js";
import { partsChoice, partsLine, partsOffer } from "./parts.js";
import { memoryBar } from "./plan.js";
import { forgetPictures } from "./pictures.js";
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

/** @param {State} state @param {Ui} ui */
function unfit(state, ui) {
  const { unfit: why } = state;
  if (!why) return nothing;
  const long = why.error === "DocumentTooLong", memory = why.error === "InsufficientMemory";
  const title = long ? words.unfit.long : memory ? words.unfit.memory : /Model/.test(why.error) ? words.unfit.model : words.unfit.other;
  const choices = (why.choices ?? []).filter((choice) => !long || (choice.body.pages === undefined && choice !== partsChoice(state)));
  return card(title, why.message, long ? null : beforeCommand(why.hint, why.copy), html`
    ${memory ? memoryBar(state.planned) : nothing}
    ${long ? html`${partsOffer(state)}${rangeChooser(state, ui)}` : nothing}
    ${long && choices.length ? html`<h4>${words.unfit.or}</h4>` : nothing}
    <div class="choices">${choices.map((choice, index) => html`<button class=${index || long ? "" : "primary"} @click=${() => read(choice.body)}><bdi>${choice.label}</bdi></button>`)}
      <button class="quiet" @click=${() => openDialog("models")}>${words.unfit.models}</button></div>
    ${long && why.questions ? html`<p class="note">${words.unfit.questions}</p>` : nothing}
    ${long ? nothing : commandLine(why.copy, ui)}`);
}

/** @param {State} state @param {Ui} ui */
export function trouble(state, ui) {
  const { lost, refused } = state;
  return html`${unfit(state, ui)}${partsLine(state, ui)}${chooser(state, ui)}
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
