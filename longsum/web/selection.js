// @ts-check
// Words that the reader selected in the document: ask about them, or copy them with their page.
import { html, nothing } from "./vendor/lit-html.js";
import { copyText } from "./copying.js";
import { icon } from "./icons.js";
import { putQuestion } from "./composer.js";
import { change, store } from "./store.js";
import { words } from "./words.js";

const MAX_QUOTED = 400;

/** Return the words selected in the document, with their place on the screen.
 * @returns {{text: string, page: number, place: string, x: number, y: number}?} */
function selected() {
  const selection = document.getSelection();
  const pane = document.getElementById("pane");
  if (!selection || selection.isCollapsed || !selection.rangeCount || !pane?.contains(selection.anchorNode)) return null;
  const text = selection.toString().replace(/\s+/g, " ").trim();
  if (!text) return null;
  const range = selection.getRangeAt(0);
  const element = range.startContainer instanceof Element ? range.startContainer : range.startContainer.parentElement;
  const part = /** @type {HTMLElement?} */ (element?.closest("[data-page]"));
  const page = Number(part?.dataset.page) || 0;
  const { document: open } = store.state;
  const place = page > 0 ? `${open?.unit?.short ?? words.page.short} ${page}` : part?.querySelector(".place")?.textContent ?? "";
  const rects = range.getClientRects();
  const last = rects[rects.length - 1] ?? range.getBoundingClientRect();
  return { text, page, place, x: last.left + last.width / 2, y: last.bottom };
}

export function watchSelection() {
  let timer = 0;
  document.addEventListener("selectionchange", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      const selection = selected();
      if (selection || store.ui.selection) change({ selection });
    }, 150);
  });
  document.addEventListener("scroll", () => store.ui.selection && change({ selection: selected() }), true);
}

function askAbout() {
  const { text, place } = store.ui.selection;
  const shown = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
  change({ selection: null, tab: "answers" });
  document.getSelection()?.removeAllRanges();
  putQuestion(words.selection.question(shown, place));
}

function copy() {
  const { text, place } = store.ui.selection;
  const name = store.state.document?.name ?? "";
  copyText(words.selection.cited(text, [name, place].filter(Boolean).join(", ")), "selection");
  change({ selection: null });
}

/** @param {import("./types.js").Ui} ui */
export function selectionBar({ selection }) {
  if (!selection) return nothing;
  requestAnimationFrame(() => {
    const bar = document.getElementById("selection");
    if (!bar) return;
    const left = Math.max(8, Math.min(innerWidth - bar.offsetWidth - 8, selection.x - bar.offsetWidth / 2));
    const top = Math.min(innerHeight - bar.offsetHeight - 8, selection.y + 8);
    bar.style.setProperty("left", `${left}px`);
    bar.style.setProperty("top", `${top}px`);
  });
  return html`<div id="selection" role="toolbar" aria-label=${words.selection.bar}>
    <button @click=${askAbout}>${words.selection.ask}</button>
    <button @click=${copy}>${icon("copy")}${words.selection.copy}</button></div>`;
}
