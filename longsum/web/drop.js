// @ts-check
// Files dropped anywhere on the page.
import { openFiles } from "./actions.js";
import { change, store } from "./store.js";

/** @param {DragEvent} event */
const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

/** @param {boolean} dropping */
function show(dropping) {
  if (dropping === store.ui.dropping) return;
  document.body.toggleAttribute("data-dropping", dropping);
  change({ dropping });
}

export function watchDrops() {
  addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    show(true);
  });
  addEventListener("dragleave", (event) => event.relatedTarget === null && show(false));
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    show(false);
    openFiles(event.dataTransfer?.files ?? []);
  });
}
