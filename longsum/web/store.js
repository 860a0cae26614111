// @ts-check
// The one place that holds the state: the fold of the server's events, and what only this page knows.
import { start, take } from "./state.js";
import { remembered } from "./memory.js";

/** @type {import("./types.js").Ui} */
const fresh = {
  connection: "joining", retryAt: 0, login: null, current: null,
  view: remembered("view", "pages"), zoom: remembered("zoom", "fit"), page: 1, paneWidth: 0,
  near: new Set(), pictures: 0, tab: "document", dialog: null, find: null, range: null,
  problem: null, library: null, models: null, outline: null, forgetting: null, copied: null,
  selection: null, below: false, options: false, text: null, hidden: 0, dropping: false,
  since: 0, choosing: false, plans: {},
};

export const store = { state: start(), ui: fresh };

/** @type {(() => void)[]} */
const watchers = [];
let due = false;

/** Draw at the next frame; a hidden tab draws when it is shown again. */
export function schedule() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    for (const watch of watchers) watch();
  });
}

/** Call a function after each change, once a frame.
 * @param {() => void} watch */
export const onChange = (watch) => watchers.push(watch);

/** Change what only this page knows.
 * @param {Partial<import("./types.js").Ui>} patch */
export function change(patch) {
  Object.assign(store.ui, patch);
  schedule();
}

/** Take one event of the server.
 * @param {string} kind @param {any} event */
export function apply(kind, event) {
  const reduce = take[kind];
  if (!reduce) return;
  store.state = reduce(store.state, event);
  schedule();
}

/** Forget everything that belongs to the document that was open. */
export function forgetDocument() {
  change({
    current: null, page: 1, near: new Set(), find: null, range: null, outline: null, text: null,
    selection: null, options: false, hidden: 0, tab: "document",
    choosing: false, plans: {},
  });
}
