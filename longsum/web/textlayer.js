// @ts-check
// The words of a page, transparent above its picture: what is selected and copied.
import { get } from "./api.js";
import { change, store } from "./store.js";

const MAX_HELD = 40;
const FONT = "sans-serif";

/** @type {Map<number, HTMLElement | "loading" | "failed">} */
const held = new Map();
const ruler = document.createElement("canvas").getContext("2d");

/** Return the layer of a page, and ask for it where it is not here yet.
 * @param {import("./types.js").Page} page @returns {HTMLElement?} */
export function textLayer(page) {
  const layer = held.get(page.number);
  if (layer === undefined) load(page);
  return layer instanceof HTMLElement ? layer : null;
}

/** @param {import("./types.js").Page} page */
async function load(page) {
  held.set(page.number, "loading");
  if (held.size > MAX_HELD) held.delete(/** @type {number} */ (held.keys().next().value));
  try {
    const { lines } = await get(`/api/pages/${page.number}/lines`);
    held.set(page.number, build(lines, page.width / page.height));
  } catch {
    held.set(page.number, "failed");
  }
  change({ pictures: store.ui.pictures + 1 });
}

/** Lay each line over its place; fractions of the page, so that it fits at every zoom.
 * @param {[number, number, number, number, string][]} lines @param {number} aspect width by height */
function build(lines, aspect) {
  const layer = document.createElement("div");
  layer.className = "words";
  for (const [x, y, width, height, text] of lines) {
    const line = document.createElement("span");
    line.textContent = text;
    line.dir = "auto";
    const size = height * 0.86;
    if (ruler) ruler.font = `100px ${FONT}`;
    const natural = ((ruler?.measureText(text).width ?? 0) / 100) * size;
    line.style.setProperty("left", `${x * 100}%`);
    line.style.setProperty("top", `${y * 100}%`);
    line.style.setProperty("font-size", `${size * 100}cqh`);
    line.style.setProperty("height", `${height * 100}%`);
    if (natural > 0) line.style.setProperty("transform", `scaleX(${(width * aspect) / natural})`);
    layer.append(line, document.createElement("br"));
  }
  return layer;
}

export const forgetLayers = () => held.clear();
