// @ts-check
// Icons: strokes on a grid of 20, hidden from screen readers; the button carries the name.
import { html, svg } from "./vendor/lit-html.js";

const PATHS = {
  library: "M3.5 4.5h3v11h-3zM8.5 4.5h3v11h-3zM13.2 5.3l2.9-.8 2.6 10.4-2.9.8z",
  open: "M2.5 15.5v-11h5l2 2h8v9zM10 13.5v-4M8 11.2l2-2 2 2",
  find: "M8.7 14.2a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM12.8 12.8l4.2 4.2",
  theme: "M10 3.2a6.8 6.8 0 1 0 0 13.6zM10 3.2a6.8 6.8 0 0 1 0 13.6",
  more: "M4.2 10a.4.4 0 1 0 .8 0 .4.4 0 1 0-.8 0M9.6 10a.4.4 0 1 0 .8 0 .4.4 0 1 0-.8 0M15 10a.4.4 0 1 0 .8 0 .4.4 0 1 0-.8 0",
  export: "M10 12.5V3M6.8 6l3.2-3.2L13.2 6M4 10.5v6h12v-6",
  previous: "M12.5 4.5L7 10l5.5 5.5",
  next: "M7.5 4.5L13 10l-5.5 5.5",
  up: "M4.5 12.5L10 7l5.5 5.5",
  down: "M4.5 7.5L10 13l5.5-5.5",
  plus: "M10 4.5v11M4.5 10h11",
  minus: "M4.5 10h11",
  close: "M5 5l10 10M15 5L5 15",
  fit: "M3 4v12M17 4v12M6 10h8M8.3 7.5L5.8 10l2.5 2.5M11.7 7.5l2.5 2.5-2.5 2.5",
  copy: "M7 7h9.5v9.5H7zM13 7V3.5H3.5V13H7",
  stop: "M6 6h8v8H6z",
  send: "M10 16V4.5M5 9.2L10 4.2l5 5",
  check: "M4.5 10.5l3.7 3.7 7.3-8",
  bin: "M4 5.5h12M8 5.5V3.5h4v2M5.5 5.5l.8 11h7.4l.8-11M8.5 8.5v5M11.5 8.5v5",
  lock: "M5 9.5h10v7H5zM7 9.5V7a3 3 0 0 1 6 0v2.5",
  alert: "M10 3.2L17.5 16h-15zM10 8.2v3.6M10 14h.01",
  page: "M5 2.5h7l3 3v12H5zM12 2.5v3h3",
  contents: "M4 5.5h.01M7.5 5.5H17M4 10h.01M7.5 10H17M4 14.5h.01M7.5 14.5H17",
  summary: "M3.5 5h13M3.5 10h13M3.5 15h8",
  model: "M4.5 6.5L10 3.5l5.5 3v7L10 16.5l-5.5-3zM4.5 6.5L10 9.7l5.5-3.2M10 9.7v6.8",
};

/** Return one icon.
 * @param {keyof typeof PATHS} name */
export const icon = (name) => html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
  ${svg`<path d=${PATHS[name]}></path>`}</svg>`;
