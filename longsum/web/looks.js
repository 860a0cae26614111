// @ts-check
// Theme, dimmed pages, typeface: choices that are remembered and set on the root element.
import { remember, remembered } from "./memory.js";
import { change } from "./store.js";

const root = document.documentElement;

/** Set all remembered looks on the page. */
export function applyLooks() {
  root.dataset.theme = remembered("theme", "system");
  root.toggleAttribute("data-dim", remembered("dim", false));
  root.toggleAttribute("data-serif", remembered("serif", true));
}

/** @returns {"system" | "light" | "dark"} */
export const theme = () => remembered("theme", "system");

/** @param {"system" | "light" | "dark"} name */
export function setTheme(name) {
  remember("theme", name);
  applyLooks();
  change({});
}

/** Change between light and dark, from whatever is seen now. */
export function turnTheme() {
  const dark = theme() === "dark"
    || (theme() === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  setTheme(dark ? "light" : "dark");
}

/** @param {"dim" | "serif"} name */
export const look = (name) => remembered(name, name === "serif");

/** @param {"dim" | "serif"} name */
export function turnLook(name) {
  remember(name, !look(name));
  applyLooks();
  change({});
}

/** Return whether the reader asked for less motion. */
export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Return whether document and answers are shown one at a time. */
export const narrow = () => matchMedia("(max-width: 59.99rem)").matches;
