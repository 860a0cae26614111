// @ts-check
// Nothing is open: drop a file, choose one, or go on with one of the library.
import { html, nothing } from "./vendor/lit-html.js";
import { chooseFile, loadLibrary, openFromLibrary } from "./actions.js";
import { day } from "./format.js";
import { icon } from "./icons.js";
import { words } from "./words.js";

const MAX_CARDS = 6;
let asked = "";

/** @param {import("./types.js").State} state @param {import("./types.js").Ui} ui */
export function emptyView(state, ui) {
  if (state.shelf && asked !== state.run) {
    asked = state.run ?? "";
    loadLibrary();
  }
  const documents = ui.library?.documents?.slice(0, MAX_CARDS) ?? [];
  return html`<div class="stage welcome">
    <section class="drop${ui.dropping ? " over" : ""}">
      <span class="badge large">${icon("page")}</span>
      <h2>${words.empty.title}</h2>
      <p>${words.empty.about}</p>
      <button class="primary large" @click=${chooseFile}>${icon("open")}${words.empty.open}</button>
      <p class="note">${words.empty.kinds}</p></section>
    ${documents.length ? html`<section class="recent"><h2>${words.empty.library}</h2>
      <ul class="cards">${documents.map((/** @type {any} */ each) => html`<li><button class="doc" ?disabled=${!each.here} @click=${() => openFromLibrary(each.id)}>
        <span class="thumb">${icon("page")}</span>
        <span class="about"><b><bdi>${each.title || each.name}</bdi></b>
          <span class="note"><bdi>${each.title ? each.name : ""}</bdi></span>
          <span class="note">${each.here ? [each.pages ? words.library.pages(each.pages) : "", words.library.answers(each.answers), day(each.opened)].filter(Boolean).join(" · ") : words.library.gone}</span></span></button></li>`)}</ul></section>` : nothing}
  </div>`;
}

/** Ask for the library again the next time that nothing is open. */
export const libraryChanged = () => {
  asked = "";
};
