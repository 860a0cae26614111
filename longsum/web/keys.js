// @ts-check
// The keyboard: single letters while no field has the focus, and only if they are switched on.
import { chooseFile, stopAnything } from "./actions.js";
import { putQuestion } from "./composer.js";
import { copyStatement } from "./copying.js";
import { closeDialog, openDialog } from "./dialogs.js";
import { closeFind, openFind, stepFind } from "./find.js";
import { lettersOn } from "./keyhelp.js";
import { turnTheme } from "./looks.js";
import { closeMenus, openMenu } from "./menu.js";
import { backToStatement, stepPlace, stepStatement } from "./moves.js";
import { change, store } from "./store.js";
import { openSummary } from "./summary.js";
import { setView, setZoom, stepZoom } from "./toolbar.js";

/** The statement that has the focus, else the one that is shown. */
function statementInHand() {
  const focused = /** @type {Element?} */ (document.activeElement)?.closest(".statement")?.querySelector(".say");
  const [, job, index] = /^say-(.+)-(\d+)$/.exec(focused?.id ?? "") ?? [];
  return job ? { job, index: Number(index) } : store.ui.current;
}

/** @type {{[key: string]: () => void}} */
const LETTERS = {
  o: chooseFile,
  l: () => openDialog("library"),
  m: () => openDialog("models"),
  s: openSummary,
  "/": () => putQuestion(),
  f: openFind,
  j: () => stepStatement(1),
  k: () => stepStatement(-1),
  n: () => (store.ui.find?.results?.length ? stepFind(1) : stepPlace(1)),
  p: () => (store.ui.find?.results?.length ? stepFind(-1) : stepPlace(-1)),
  b: backToStatement,
  c() {
    const statement = statementInHand();
    if (statement) copyStatement(statement.job, statement.index);
  },
  g: () => document.getElementById("page-number")?.focus(),
  "+": () => stepZoom(1),
  "=": () => stepZoom(1),
  "-": () => stepZoom(-1),
  0: () => setZoom("fit"),
  t: () => setView(store.ui.view === "pages" ? "text" : "pages"),
  d: turnTheme,
  e: () => openMenu("export"),
  "?": () => openDialog("keys"),
};

/** Close what is uppermost, else stop what runs. */
function escape() {
  const field = /** @type {HTMLElement?} */ (document.activeElement);
  if (document.querySelector("details.menu[open]")) {
    const open = document.querySelector("details.menu[open]");
    closeMenus();
    return /** @type {HTMLElement?} */ (open?.querySelector("summary"))?.focus();
  }
  if (store.ui.dialog) return closeDialog();
  if (store.ui.selection) return document.getSelection()?.removeAllRanges();
  if (store.ui.find) return closeFind();
  if (isField(field)) return field?.blur();
  if (document.activeElement?.id === "pane" && store.ui.current) return backToStatement();
  if (stopAnything()) return undefined;
  return change({ current: null, options: false, problem: null });
}

/** @param {Element?} element */
const isField = (element) => Boolean(element?.matches("input:not([type=radio], [type=checkbox]), textarea, select"));

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.key === "Escape") return escape();
  if ((event.ctrlKey || event.metaKey) && !event.altKey) return controlled(event);
  if (event.altKey || store.ui.dialog || isField(document.activeElement) || !lettersOn()) return undefined;
  const act = LETTERS[event.key];
  if (!act) return undefined;
  event.preventDefault();
  return act();
}

/** @param {KeyboardEvent} event */
function controlled(event) {
  if (event.key !== "f" || event.shiftKey || !store.state.document || store.ui.dialog) return;
  event.preventDefault();
  openFind();
}

export function watchKeys() {
  addEventListener("keydown", pressed);
  addEventListener("wheel", (event) => {
    const inPane = /** @type {Element} */ (event.target).closest?.("#pane.pages");
    if (!event.ctrlKey || !inPane) return;
    event.preventDefault();
    stepZoom(event.deltaY < 0 ? 1 : -1);
  }, { passive: false });
}
