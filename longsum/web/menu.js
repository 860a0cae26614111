// @ts-check
// A button with a list of actions below it; closes on Escape, on a click elsewhere and when focus leaves.
import { html } from "./vendor/lit-html.js";

/** @param {string} id @param {any} face what the button shows @param {string} name @param {any} items */
export const menu = (id, face, name, items) => html`<details class="menu" id="menu-${id}"
    @toggle=${opened} @keydown=${walk} @focusout=${left}>
  <summary class="quiet" aria-label=${name} title=${name}>${face}</summary>
  <ul class="items">${items}</ul></details>`;

/** Close every menu but one.
 * @param {Element} [except] */
export function closeMenus(except) {
  for (const each of document.querySelectorAll("details.menu[open]")) {
    if (each !== except) each.removeAttribute("open");
  }
}

/** Open a menu by its name and go to its first action.
 * @param {string} id */
export function openMenu(id) {
  const details = /** @type {HTMLDetailsElement?} */ (document.getElementById(`menu-${id}`));
  if (!details) return;
  details.open = true;
  /** @type {HTMLElement?} */ (details.querySelector(".item"))?.focus();
}

/** @param {Event} event */
function opened(event) {
  const details = /** @type {HTMLDetailsElement} */ (event.currentTarget);
  if (details.open) closeMenus(details);
}

/** @param {KeyboardEvent} event */
function walk(event) {
  const details = /** @type {HTMLDetailsElement} */ (event.currentTarget);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !details.open) return;
  const items = /** @type {HTMLElement[]} */ ([...details.querySelectorAll(".item")]);
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  items[(at + step + items.length) % items.length]?.focus();
  event.preventDefault();
}

/** @param {FocusEvent} event */
function left(event) {
  const details = /** @type {HTMLDetailsElement} */ (event.currentTarget);
  const to = /** @type {Node?} */ (event.relatedTarget);
  if (to && !details.contains(to)) details.open = false;
}

addEventListener("pointerdown", (event) => {
  const inside = /** @type {Element} */ (event.target).closest?.("details.menu");
  closeMenus(inside ?? undefined);
});
