// @ts-check
// The list of keys, and the switch for single letters.
import { html } from "./vendor/lit-html.js";
import { remember, remembered } from "./memory.js";
import { change } from "./store.js";
import { words } from "./words.js";

/** Return whether single letters are shortcuts. */
export const lettersOn = () => remembered("letters", true);

export const keysPanel = () => html`<label class="toggle"><input type="checkbox" .checked=${lettersOn()}
    @change=${(/** @type {any} */ event) => {
      remember("letters", event.target.checked);
      change({});
    }}> ${words.keys.single}</label>
  <dl class="keys">${words.keys.list.map(([keys, what]) => html`<div><dt>${keys.split(/\s+/).map((key) => html`<kbd>${key}</kbd> `)}</dt><dd>${what}</dd></div>`)}</dl>`;
