// @ts-check
// Pictures of pages: fetched while a page is near, a few at a time; given back when it is far away.
import { send } from "./api.js";
import { change, store } from "./store.js";

const WIDTHS = [480, 720, 960, 1200, 1600, 2000, 2400];
const MAX_AT_ONCE = 3;
const MAX_HELD = 18;

/** @typedef {{url: string?, width: number, failed: boolean, loading: AbortController?}} Picture */

/** @type {Map<number, Picture>} */
const held = new Map();
/** @type {{number: number, width: number}[]} */
let queue = [];

/** Return the step of width that is sharp for a page drawn this wide.
 * @param {number} pixels device pixels */
export const stepFor = (pixels) => WIDTHS.find((width) => width >= pixels - 1) ?? WIDTHS[WIDTHS.length - 1];

/** @param {number} number */
export const picture = (number) => held.get(number);

/** Ask for the pictures of these pages, the most wanted first; others under way are given up.
 * @param {{number: number, width: number}[]} wanted */
export function want(wanted) {
  const numbers = new Set(wanted.map(({ number }) => number));
  for (const [number, picture] of held) {
    if (picture.loading && !numbers.has(number)) {
      picture.loading.abort();
      picture.loading = null;
    }
  }
  queue = wanted.filter(({ number, width }) => {
    const have = held.get(number);
    return !have || (!have.loading && !have.failed && have.width < width);
  });
  giveBack(numbers);
  pump();
}

function pump() {
  let busy = [...held.values()].filter((each) => each.loading).length;
  while (busy < MAX_AT_ONCE && queue.length) {
    load(/** @type {any} */ (queue.shift()));
    busy += 1;
  }
}

/** @param {{number: number, width: number}} wanted */
async function load({ number, width }) {
  const controller = new AbortController();
  /** @type {Picture} */
  const entry = held.get(number) ?? { url: null, width: 0, failed: false, loading: null };
  entry.loading = controller;
  held.set(number, entry);
  try {
    const path = `/api/pages/${number}.png?width=${width}`;
    const blob = await (await send("GET", path, { signal: controller.signal })).blob();
    if (held.get(number) !== entry || entry.loading !== controller) return;
    if (entry.url) URL.revokeObjectURL(entry.url);
    Object.assign(entry, { url: URL.createObjectURL(blob), width, failed: false });
  } catch {
    if (!controller.signal.aborted) entry.failed = true;
  } finally {
    if (entry.loading === controller) entry.loading = null;
    if (!entry.url && !entry.failed && held.get(number) === entry && !entry.loading) held.delete(number);
    change({ pictures: store.ui.pictures + 1 });
    pump();
  }
}

/** Revoke the pictures that are farthest from what is wanted.
 * @param {Set<number>} wanted */
function giveBack(wanted) {
  const spare = [...held.keys()].filter((number) => !wanted.has(number));
  const far = (/** @type {number} */ number) => Math.abs(number - store.ui.page);
  spare.sort((one, other) => far(other) - far(one));
  while (held.size > MAX_HELD && spare.length) drop(/** @type {number} */ (spare.shift()));
}

/** @param {number} number */
function drop(number) {
  const entry = held.get(number);
  entry?.loading?.abort();
  if (entry?.url) URL.revokeObjectURL(entry.url);
  held.delete(number);
}

/** Forget all pictures, or only those that failed, so that they are asked for again.
 * @param {{failed?: boolean}} [which] */
export function forgetPictures({ failed = false } = {}) {
  for (const [number, entry] of [...held]) if (!failed || entry.failed) drop(number);
  queue = failed ? queue : [];
  change({ pictures: store.ui.pictures + 1 });
}
