// @ts-check
// The line between document and answers: moved by mouse or arrow keys, and remembered.
import { html } from "./vendor/lit-html.js";
import { remember, remembered } from "./memory.js";
import { change } from "./store.js";
import { words } from "./words.js";

const MIN = 30, MAX = 75, STEP = 2, USUAL = 58;

/** @param {number} percent */
function setSplit(percent) {
  const value = Math.round(Math.max(MIN, Math.min(MAX, percent)));
  remember("split", value);
  document.documentElement.style.setProperty("--split", `${value}%`);
  change({});
}

export function watchSplitter() {
  setSplit(remembered("split", USUAL));
}

/** @param {PointerEvent} event */
function drag(event) {
  const handle = /** @type {HTMLElement} */ (event.currentTarget);
  if (event.type === "pointerdown") {
    handle.setPointerCapture(event.pointerId);
    event.preventDefault();
    handle.focus();
  }
  if (handle.hasPointerCapture(event.pointerId)) setSplit((100 * event.clientX) / innerWidth);
}

/** @param {KeyboardEvent} event */
function keyed(event) {
  const now = remembered("split", USUAL);
  const to = { ArrowLeft: now - STEP, ArrowRight: now + STEP, Home: MIN, End: MAX, Enter: USUAL }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  setSplit(to);
}

export const splitter = () => html`<div class="splitter" role="separator" tabindex="0" aria-orientation="vertical" aria-label=${words.splitter}
  aria-valuenow=${remembered("split", USUAL)} aria-valuemin=${MIN} aria-valuemax=${MAX} aria-controls="document"
  @pointerdown=${drag} @pointermove=${drag} @keydown=${keyed} @dblclick=${() => setSplit(USUAL)}></div>`;
