// @ts-check
// Going to places: from a statement to its passages, from a passage back to its statement, from page to page.
import { announcePlace } from "./announce.js";
import { calm, narrow } from "./looks.js";
import { passageAt, passages, placesOf, statementsOf } from "./marks.js";
import { pageOf } from "./paging.js";
import { change, store } from "./store.js";

/** Where to scroll once the page is drawn.
 * @typedef {{page?: number, y?: number, start?: number, flash?: boolean}} Goal */

/** @type {Goal?} */
let goal = null;

/** Return the goal and forget it. */
export function takeGoal() {
  const taken = goal;
  goal = null;
  return taken;
}

/** Put a goal back that could not be reached yet: its text is still to come.
 * @param {Goal} later */
export function keepGoal(later) {
  goal ??= later;
}

/** @param {Goal} where */
export function scrollDocument(where) {
  goal = where;
  change({});
}

/** The statement that is shown, with its places. */
export function currentStatement() {
  const { current } = store.ui;
  const job = store.state.jobs.find((each) => each.job === current?.job);
  const sentence = current && job && statementsOf(job)[current.index];
  return sentence ? { job, sentence, places: placesOf(sentence), place: current.place } : null;
}

/** Show a statement's places in the document.
 * @param {string} job @param {number} index @param {number} [place] */
export function showStatement(job, index, place = 0) {
  store.ui.current = { job, index, place };
  const shown = currentStatement();
  const target = shown?.places[place];
  change({ selection: null });
  if (!target) return;
  turnToDocument();
  const first = target.marks[0];
  scrollDocument({
    page: first?.page, y: target.exact ? first?.rects[0]?.[1] : undefined,
    start: target.start ?? undefined, flash: true,
  });
  announcePlace(target, place, shown?.places.length ?? 1);
}

/** Where only one of them is shown, show the document instead of the answers. */
function turnToDocument() {
  if (!narrow()) return;
  change({ tab: "document" });
  requestAnimationFrame(() => document.getElementById("pane")?.focus({ preventScroll: true }));
}

/** Show a page that an answer names.
 * @param {number} number */
export function showPage(number) {
  turnToDocument();
  goToPage(number);
}

/** Show the same place in the view that was just chosen: the statement's, where its page is in view, else the page. */
export function keepPlace() {
  const { current, page } = store.ui;
  const place = currentStatement()?.places[current?.place ?? 0];
  if (current && place?.marks.some((each) => each.page === page)) showStatement(current.job, current.index, current.place);
  else goToPage(page);
}

/** Show the next or the previous place of the statement.
 * @param {1 | -1} step */
export function stepPlace(step) {
  const { current } = store.ui, shown = currentStatement();
  if (!current || !shown?.places.length) return;
  const many = shown.places.length;
  showStatement(current.job, current.index, (current.place + step + many) % many);
}

/** Move the focus to the next or previous statement, without scrolling the document.
 * @param {1 | -1} step */
export function stepStatement(step) {
  const all = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#answers .say")])
    .filter((each) => each.checkVisibility());  // those of a closed group have a parent too
  const focused = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const at = focused >= 0 ? focused : all.findIndex((each) => each.getAttribute("aria-current") === "true");
  const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))];
  next?.focus();
}

/** Go back from the document to the statement that is shown. */
export function backToStatement() {
  const { current } = store.ui;
  if (!current) return;
  change({ tab: "answers" });
  requestAnimationFrame(() => {
    const say = document.getElementById(`say-${current.job}-${current.index}`);
    say?.focus({ preventScroll: true });
    say?.scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });
  });
}

/** Go from a passage of the document to the statement that rests on it.
 * @param {import("./marks.js").Passage} passage */
export function toStatement(passage) {
  const { job, index, place } = passage;
  const group = document.getElementById(`say-${job}-${index}`)?.closest("details");
  if (group) group.open = true;
  change({ current: { job, index, place } });
  requestAnimationFrame(backToStatement);
}

/** Go to a page of the file.
 * @param {number} number */
export function goToPage(number) {
  const pages = store.state.document?.pages ?? [];
  if (!pages.length) return;
  const last = pages[pages.length - 1].number;
  const page = Math.max(1, Math.min(last, Math.round(number) || 1));
  scrollDocument({ page, start: pageOf(store.state.document, page)?.start ?? undefined });
}

/** @param {MouseEvent} event @returns {import("./marks.js").Passage | undefined} */
function passageUnder(event) {
  const page = /** @type {Element} */ (event.target).closest(".page");
  const leaf = /** @type {HTMLElement?} */ (page?.parentElement);
  if (!page || !leaf) return undefined;
  const box = page.getBoundingClientRect();
  const x = (event.clientX - box.left) / box.width, y = (event.clientY - box.top) / box.height;
  return passageAt(passages(store.state.jobs), Number(leaf.dataset.page), x, y, store.ui.current);
}

/** @param {MouseEvent} event */
export function clickOnPage(event) {
  if (!(document.getSelection()?.isCollapsed ?? true)) return;
  const passage = passageUnder(event);
  if (passage) toStatement(passage);
}

/** @param {MouseEvent} event */
export function hoverOnPage(event) {
  const leaves = /** @type {HTMLElement} */ (event.currentTarget);
  leaves.toggleAttribute("data-passage", passageUnder(event) !== undefined);
}

/** @type {string?} */
let awaited = null;

/** Note the answer that the reader has just asked for; its beginning is shown once it is here.
 * @param {string | undefined} job */
export function awaitAnswer(job) {
  awaited = job ?? null;
  if (job && store.state.jobs.some((each) => each.job === job)) showAwaited();
}

/** React to an event that the reader is waiting for.
 * @param {string} kind @param {any} event */
export function arrived(kind, event) {
  if (kind === "job" && event.job === awaited) showAwaited();
}

function showAwaited() {
  const job = awaited;
  awaited = null;
  requestAnimationFrame(() => requestAnimationFrame(() =>
    document.getElementById(`answer-${job}`)?.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" })));
}
