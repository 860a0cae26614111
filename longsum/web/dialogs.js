// @ts-check
// Panels above the page: library, models, keys. One at a time, closed by Escape or a click beside it.
import { html, nothing } from "./vendor/lit-html.js";
import { loadLibrary, loadModels } from "./actions.js";
import { icon } from "./icons.js";
import { keysPanel } from "./keyhelp.js";
import { libraryPanel } from "./library.js";
import { modelsPanel } from "./models.js";
import { change, store } from "./store.js";
import { words } from "./words.js";

const PANELS = /** @type {{[name: string]: [string, (state: import("./types.js").State, ui: import("./types.js").Ui) => any]}} */ ({
  library: [words.library.title, libraryPanel],
  models: [words.models.title, modelsPanel],
  keys: [words.keys.title, keysPanel],
});

/** @param {"library" | "models" | "keys"} name */
export function openDialog(name) {
  change({ dialog: name, forgetting: null });
  if (name === "library") loadLibrary();
  if (name === "models") loadModels();
}

export const closeDialog = () => change({ dialog: null });

/** Return what notes that the browser closed a panel, unless another was opened since.
 * @param {string} name */
const closed = (name) => (/** @type {Event} */ event) =>
  store.ui.dialog === name && !(/** @type {HTMLDialogElement} */ (event.currentTarget).open) && closeDialog();

/** @param {import("./types.js").State} state @param {import("./types.js").Ui} ui */
export function dialogs(state, ui) {
  if (!ui.dialog) return nothing;
  const [title, panel] = PANELS[ui.dialog];
  return html`<dialog class="panel ${ui.dialog}" aria-labelledby="panel-title" @close=${closed(ui.dialog)} @click=${(/** @type {MouseEvent} */ event) =>
    event.target === event.currentTarget && closeDialog()}>
    <div class="inside"><header><h2 id="panel-title" tabindex="-1" autofocus>${title}</h2>
      <button class="quiet" aria-label=${words.header.close} title=${words.header.close} @click=${closeDialog}>${icon("close")}</button></header>
      <div class="body">${panel(state, ui)}</div></div></dialog>`;
}

/** @type {HTMLElement?} */
let before = null;

/** Open what is to be a modal dialog, and give the focus back once it is gone.
 * @param {import("./types.js").Ui} ui */
export function afterDialogs(ui) {
  const dialog = document.querySelector("dialog");
  if (dialog && !dialog.open) {
    before = /** @type {HTMLElement?} */ (document.activeElement);
    dialog.showModal();
  } else if (!ui.dialog && before) {
    before.focus?.({ preventScroll: true });
    before = null;
  }
}
