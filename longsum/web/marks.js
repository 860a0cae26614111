// @ts-check
// Which passages are marked where. Pure: answers in, marks of a page or of a stretch of text out.

/** @typedef {import("./types.js").Job} Job */
/** @typedef {import("./types.js").Sentence} Sentence */
/** @typedef {import("./types.js").Evidence} Evidence */

/** One passage that a statement leads to.
 * @typedef {{start: number?, end: number?, text: string, reference: string,
 *   marks: import("./types.js").PageMarks[], exact: boolean, contrary: boolean}} Place */

/** A passage with the statement it belongs to, and the pages whose text its offsets count.
 * @typedef {Place & {job: string, index: number, place: number, selected: string?}} Passage */

/** Return the places of a statement, the contrary passage first.
 * @param {Sentence} sentence @returns {Place[]} */
export function placesOf({ evidence, contrary }) {
  const against = contrary?.evidence ?? [];
  const known = new Set(against.map((each) => each.start));
  const place = (/** @type {Evidence} */ each, /** @type {boolean} */ isAgainst) =>
    ({ ...each, marks: each.marks ?? [], exact: each.exact ?? true, contrary: isAgainst });
  return [
    ...against.map((each) => place(each, true)),
    ...(evidence ?? []).filter((each) => !known.has(each.start)).map((each) => place(each, false)),
  ];
}

/** Return what can be shown on its pages, by number: the sentences of an answer, then those nearest to its question.
 * @param {Job} job @returns {Sentence[]} */
export const statementsOf = ({ sentences, nearest }) => [...sentences, ...(nearest ?? [])];

/** @type {WeakMap<Job[], Passage[]>} */
const known = new WeakMap();

/** Return all passages of all answers.
 * @param {Job[]} jobs @returns {Passage[]} */
export function passages(jobs) {
  let all = known.get(jobs);
  if (!all) {
    all = jobs.flatMap((job) => statementsOf(job).flatMap((sentence, index) =>
      placesOf(sentence).map((each, place) => ({ ...each, job: job.job, index, place, selected: job.selected }))));
    known.set(jobs, all);
  }
  return all;
}

/** Return whether a passage belongs to the statement that is shown.
 * @param {Passage} passage @param {{job: string, index: number}?} current */
export const isCurrent = (passage, current) =>
  current !== null && passage.job === current.job && passage.index === current.index;

/** Return the marks of one page: those of the statement that is shown, and fainter all others.
 * @param {Passage[]} all @param {number} page
 * @param {{job: string, index: number, place: number}?} current */
export function marksOf(all, page, current) {
  const strong = [], faint = [];
  let edge = false;
  for (const passage of all) {
    const here = passage.marks.find((marks) => marks.page === page);
    if (!here) continue;
    const shown = isCurrent(passage, current);
    if (shown && !(passage.exact && here.rects.length)) edge = true;
    for (const rect of passage.exact ? here.rects : []) {
      if (shown) strong.push({ rect, first: passage.place === current?.place, contrary: passage.contrary });
      else faint.push({ rect });
    }
  }
  return { strong, faint, edge };
}

/** Return the passage at a point of a page, the one of the shown statement before others.
 * @param {Passage[]} all @param {number} page @param {number} x @param {number} y fractions of the page
 * @param {{job: string, index: number}?} current @returns {Passage | undefined} */
export function passageAt(all, page, x, y, current) {
  const hit = all.filter((passage) => passage.exact && passage.marks.some((marks) =>
    marks.page === page && marks.rects.some(([left, top, width, height]) =>
      x >= left && x <= left + width && y >= top && y <= top + height)));
  return hit.find((passage) => !isCurrent(passage, current)) ?? hit[0];
}

/** Return the pages that hold evidence, with how many passages each has.
 * @param {Passage[]} all @returns {Map<number, number>} */
export function evidencePages(all) {
  const pages = new Map();
  for (const { marks } of all) {
    for (const { page } of marks) pages.set(page, (pages.get(page) ?? 0) + 1);
  }
  return pages;
}

/** Cut a stretch of the document's text where marks begin and end.
 * @param {number} start @param {number} end
 * @param {{start: number?, end: number?, kind: string, passage?: Passage}[]} spans
 * @returns {{start: number, end: number, kind: string?, passage?: Passage}[]} */
export function pieces(start, end, spans) {
  const inside = spans.filter((span) =>
    span.start !== null && span.end !== null && span.start < end && span.end > start);
  if (!inside.length) return [{ start, end, kind: null }];
  const cuts = new Set([start, end]);
  for (const span of inside) {
    cuts.add(Math.max(start, Number(span.start)));
    cuts.add(Math.min(end, Number(span.end)));
  }
  const sorted = [...cuts].sort((one, other) => one - other);
  return sorted.slice(0, -1).map((from, index) => {
    const over = inside.findLast((span) => Number(span.start) <= from && Number(span.end) > from);
    return { start: from, end: sorted[index + 1], kind: over?.kind ?? null, passage: over?.passage };
  });
}
