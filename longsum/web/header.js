// @ts-check
// The top line: library, the document's name, the model, export and everything else.
import { html, nothing } from "./vendor/lit-html.js";
import { chooseFile, closeDocument, quit, save } from "./actions.js";
import { openDialog } from "./dialogs.js";
import { copyAll } from "./copying.js";
import { icon } from "./icons.js";
import { look, setTheme, theme, turnLook, turnTheme } from "./looks.js";
import { menu, closeMenus } from "./menu.js";
import { isDrawn } from "./paging.js";
import { change } from "./store.js";
import { words } from "./words.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Ui} Ui */

/** @param {string} label @param {() => void} act @param {any} [extra] */
const item = (label, act, extra = nothing) => html`<li><button class="item" @click=${() => {
  closeMenus();
  act();
}}>${label}${extra}</button></li>`;

/** @param {string} label @param {boolean} on @param {() => void} act */
const toggle = (label, on, act) => html`<li><button class="item" aria-pressed=${on ? "true" : "false"}
  @click=${act}><span class="tick">${on ? icon("check") : nothing}</span>${label}</button></li>`;

/** @param {State} state @param {Ui} ui */
function exportMenu(state, ui) {
  if (!state.jobs.some((job) => job.sentences.length)) return nothing;
  return menu("export", html`${icon("export")}<span class="label">${words.header.export}</span>`, words.header.export, html`
    ${item(ui.copied === "all" ? words.menu.copied : words.menu.copyAll, copyAll)}
    ${item(words.menu.markdown, () => save("markdown"))}
    ${state.word ? item(words.menu.word, () => save("word")) : nothing}
    ${item(words.menu.print, () => print())}`);
}

/** @param {State} state */
function moreMenu(state) {
  const now = theme();
  return menu("more", icon("more"), words.header.more, html`
    ${item(words.menu.open, chooseFile)}
    ${state.document ? item(words.menu.closeDocument, closeDocument) : nothing}
    ${item(words.menu.newWindow, () => window.open(location.pathname))}
    ${isDrawn(state.document) && state.counted ? item(words.menu.choose, () => change({ choosing: true, tab: "answers" })) : nothing}
    <li role="separator"></li>
    ${toggle(words.menu.system, now === "system", () => setTheme("system"))}
    ${toggle(words.menu.light, now === "light", () => setTheme("light"))}
    ${toggle(words.menu.dark, now === "dark", () => setTheme("dark"))}
    <li role="separator"></li>
    ${toggle(words.menu.dim, look("dim"), () => turnLook("dim"))}
    ${toggle(words.menu.serif, look("serif"), () => turnLook("serif"))}
    <li role="separator"></li>
    ${item(words.menu.keys, () => openDialog("keys"))}
    ${item(words.menu.quit, quit)}`);
}

/** @param {State} state */
function title(state) {
  const name = state.document?.name ?? state.opening?.name;
  if (!name) return html`<h1 class="brand">${words.app}</h1>`;
  const long = state.document?.title;
  return html`<h1 class="name"><bdi>${name}</bdi>${long && long !== name
    ? html`<span class="title"><bdi>${long}</bdi></span>` : nothing}</h1>`;
}

/** @param {State} state @param {Ui} ui */
export function header(state, ui) {
  if (ui.connection === "locked" || state.ended) return html`<h1 class="brand">${words.app}</h1>`;
  const model = state.counted?.model ?? state.planned?.model;
  return html`
    <button class="quiet" ?hidden=${!state.shelf} aria-label=${words.header.library} @click=${() => openDialog("library")}>
      ${icon("library")}<span class="label">${words.header.library}</span></button>
    ${title(state)}
    <div class="tools">
      <button class="quiet model" @click=${() => openDialog("models")} aria-label=${model
        ? `${words.header.models}: ${model}` : words.header.models}>
        ${icon("model")}<span class="label">${model ?? words.header.models}</span></button>
      ${exportMenu(state, ui)}
      <button class="quiet" aria-label=${words.header.theme} title=${words.header.theme}
        @click=${turnTheme}>${icon("theme")}</button>
      ${moreMenu(state)}
    </div>`;
}
