// @ts-check
// Lines above the footer, where they move nothing that is being read: files that wait, notices, warnings.
import { html, nothing } from "./vendor/lit-html.js";
import { openWaiting } from "./actions.js";
import { sentence } from "./format.js";
import { icon } from "./icons.js";
import { change } from "./store.js";
import { words } from "./words.js";

/** Return the notices and warnings, each once; the document's own come first.
 * @param {import("./types.js").State} state @returns {{kind: string, line: string}[]} */
export function lines({ notices, document }) {
  const said = new Set(notices.map((each) => each.line));
  const own = (document?.warnings ?? []).filter((line) => !said.has(line));
  return [...own.map((line) => ({ kind: "warning", line })), ...notices];
}

/** @param {string[]} names */
const waiting = (names) => html`<div class="banner"><p>${words.toast.waiting}</p><ul class="queue">${names.map((name, index) => html`<li>
  <bdi>${name}</bdi><button class="small" @click=${() => openWaiting(index)}>${words.toast.openNext}</button></li>`)}</ul></div>`;

/** @param {import("./types.js").State} state @param {import("./types.js").Ui} ui */
export function notes(state, ui) {
  const all = lines(state);
  const fresh = all.slice(ui.hidden);
  return html`${state.waiting.length ? waiting(state.waiting) : nothing}
    ${fresh.length ? html`<div class="banner${fresh.some((each) => each.kind === "warning") ? " mind" : ""}" role="status">
      <p>${fresh.map((each) => html`<span class="line"><bdi>${sentence(each.line)}</bdi></span>`)}</p>
      <button class="quiet" aria-label=${words.toast.dismiss} title=${words.toast.dismiss} @click=${() => change({ hidden: all.length })}>${icon("close")}</button></div>` : nothing}`;
}
