// @ts-check
// What is shown in the document's place: a file that could not be opened, skeleton pages, the last words.
import { html, nothing } from "./vendor/lit-html.js";
import { chooseFile, unlock } from "./actions.js";
import { openDialog } from "./dialogs.js";
import { beforeCommand, sentence } from "./format.js";
import { icon } from "./icons.js";
import { retryNow } from "./stream.js";
import { commandLine } from "./trouble.js";
import { words } from "./words.js";

const LOCKED = /Encrypted|Password/;

/** @param {import("./types.js").Refused} refused */
function kindOf({ error }) {
  if (LOCKED.test(error)) return "password";
  if (/Scanned|ImageOnly/.test(error)) return "scanned";
  return /Corrupt|Damaged/.test(error) ? "damaged" : "other";
}

/** @param {SubmitEvent} event */
function submit(event) {
  event.preventDefault();
  const field = /** @type {HTMLFormElement} */ (event.target).elements.namedItem("password");
  if (field instanceof HTMLInputElement && field.value) unlock(field.value);
}

/** @param {MouseEvent} event */
function reveal(event) {
  const button = /** @type {HTMLElement} */ (event.currentTarget);
  const field = /** @type {HTMLInputElement?} */ (document.getElementById("password"));
  if (!field) return;
  field.type = field.type === "password" ? "text" : "password";
  button.setAttribute("aria-pressed", String(field.type === "text"));
}

const passwordForm = () => html`<form class="unlock" @submit=${submit}>
  <label for="password">${words.refused.password}</label>
  <div class="line"><input id="password" name="password" type="password" autocomplete="off" required>
    <button type="button" class="quiet small" aria-pressed="false" @click=${reveal}>${words.refused.show}</button>
    <button class="primary">${words.refused.wrong}</button></div>
  <p class="note">${words.refused.passwordNote}</p></form>`;

/** @type {Element?} */
let asked = null;

/** Go to the password field when it appears, also after a wrong one. */
export function afterRefused() {
  const field = /** @type {HTMLElement?} */ (document.getElementById("password"));
  if (field && field !== asked) field.focus();
  asked = field;
}

/** @param {import("./types.js").State} state */
export function refusedView(state) {
  const { refused } = state;
  if (!refused) return nothing;
  const kind = kindOf(refused);
  return html`<div class="stage"><section class="message">
    <span class="badge">${icon(kind === "password" ? "lock" : kind === "scanned" ? "page" : "alert")}</span>
    <h2>${words.refused.titles[kind]}</h2>
    <p><bdi>${sentence(refused.message)}</bdi></p>
    ${refused.hint && kind !== "password" ? html`<p class="note"><bdi>${beforeCommand(refused.hint, refused.copy)}</bdi></p>` : nothing}
    ${kind === "password" ? passwordForm() : nothing}
    ${kind === "password" ? nothing : commandLine(refused.copy)}
    <div class="acts"><button class=${kind === "password" ? "" : "primary"} @click=${chooseFile}>${words.refused.other}</button>
      ${state.shelf ? html`<button class="quiet" @click=${() => openDialog("library")}>${words.refused.library}</button>` : nothing}</div>
  </section></div>`;
}

/** @param {import("./types.js").State} state */
export const skeleton = (state) => html`<div class="pane pages" tabindex="0" aria-busy="true" aria-label=${words.opening.title(state.opening?.name ?? "")} role="region">
  <div class="leaves">${[1, 2].map(() => html`<div class="page ghost"><svg viewBox="0 0 612 792" aria-hidden="true">
    ${[...Array(16).keys()].map((row) => html`<svg x="90" y=${110 + row * 36} width=${row % 5 === 4 ? 250 : 432} height="12"><rect class="bone" width="100%" height="12" rx="4"></rect></svg>`)}</svg></div>`)}</div></div>`;

/** @param {string} now @param {import("./types.js").Ui} ui */
export function lastWords(now, ui) {
  const { connection } = words;
  if (now === "locked" || now === "ended") {
    const ended = now === "ended";
    return html`<div class="stage"><section class="message"><span class="badge">${icon(ended ? "check" : "lock")}</span>
      <h2>${ended ? connection.endedTitle : connection.lockedTitle}</h2>
      <p>${ended ? connection.ended : connection.locked}</p>${commandLine(connection.command, ui)}</section></div>`;
  }
  if (now === "lost") {
    return html`<div class="stage"><section class="message"><span class="badge">${icon("alert")}</span>
      <h2>${connection.lost}</h2><p>${connection.lostHint}</p>${commandLine(connection.command, ui)}
      <div class="acts"><button class="primary" @click=${retryNow}>${connection.now}</button></div></section></div>`;
  }
  return html`<div class="stage"><p class="note pulse">${connection.joining}</p></div>`;
}
