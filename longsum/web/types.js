// @ts-check
// The shapes that the server sends (see docs/window.md) and that the page keeps. Types only.

/** Rectangles of one page, as fractions of it: x, y, width, height.
 * @typedef {{page: number, rects: number[][]}} PageMarks */

/** A passage of the document that supports a statement.
 * @typedef {{start: number, end: number, text: string, reference: string, score: number,
 *   marks?: PageMarks[], exact?: boolean}} Evidence */

/** What the document says instead of what the statement says.
 * @typedef {{differs: string, said: string, found: string, reference: string,
 *   evidence: Evidence[]}} Contrary */

/** One sentence of an answer; start and end count characters of the answer.
 * @typedef {{start: number, end: number, text: string, supported: boolean, refusal: boolean,
 *   heading: boolean, reference: string, pages: number[], reason: string?, drafted?: string?, chance?: number,
 *   sure?: boolean, evidence: Evidence[], contrary: Contrary?,
 *   quotations: {text: string, found: boolean, reference: string?}[]}} Sentence */

/** A summary or the answer to a question, as far as it has come; `nearest` are sentences near a
 * question that none was found for, not of its answer.
 * @typedef {{job: string, kind: "summary" | "question", question: string?, settings: any,
 *   state: "queued" | "running" | "stopping" | "done" | "stopped" | "failed", text: string,
 *   sentences: Sentence[], nearest: Sentence[], receipt: string[], cautions?: string[], chance: number?, sure: boolean?, short: string?, old: boolean,
 *   selected: string?,
 *   asked?: string, model?: string, message?: string, hint?: string?}} Job */

/** A page of the file; width and height in points, start and end in the document's text.
 * @typedef {{number: number, label: string?, width: number, height: number, read: boolean,
 *   start: number?, end: number?}} Page */

/** @typedef {{id: string, name: string, title: string?, kind: "pdf" | "text", total_pages: number,
 *   pages: Page[], unit: {short: string, shorts: string, name: string}?, warnings: string[],
 *   characters: number?, words: number?,
 *   selected: string?}} Document */

/** @typedef {{tokens: number, prompt: number, answer: number, window: number, over: number,
 *   fits: boolean, model: string, pages: number[]}} Counted */

/** @typedef {{model: string, writes?: boolean, parts: {name: string, bytes: number}[],
 *   total: number, free: number, fits: boolean, reason: string, device: string,
 *   kv_cache: string}} Planned */

/** A part of a document that is read in parts.
 * @typedef {{where: string, unit: string, first: number, last: number, tokens: number}} Part */

/** The part that an answer has come to; no number stands for all of them.
 * @typedef {{number: number?, of: number, where: string?, first: number?}} PartNow */

/** @typedef {{error: string, message: string, hint: string?, copy: string?,
 *   choices: {label: string, body: any}[], questions?: boolean}} Unfit */

/** @typedef {{error: string, message: string, hint: string?, pictures: boolean,
 *   copy: string?}} Refused */

/** What the server's events add up to.
 * @typedef {{run: string?, version: string, shelf: boolean, word: boolean, ended: boolean,
 *   stage: "unknown" | "closed" | "opening" | "open" | "refused",
 *   opening: {name: string, bytes: number}?, document: Document?, refused: Refused?,
 *   counted: Counted?, planned: Planned?, unfit: Unfit?, phase: string, prefill: any, read: any,
 *   parts: {parts: Part[], line: string}?, part: PartNow?, throughParts: boolean,
 *   readingStopped: boolean, failed: {message: string, hint: string?}?, jobs: Job[],
 *   lost: {[what: string]: {message: string, hint: string?}},
 *   notices: {kind: "notice" | "warning", line: string}[],
 *   pulls: {[name: string]: any}, waiting: string[]}} State */

/** What only this page knows: where the reader is and what is open.
 * @typedef {{connection: "joining" | "open" | "lost" | "locked", retryAt: number, login: string?,
 *   current: {job: string, index: number, place: number}?, view: "pages" | "text",
 *   zoom: number | "fit", page: number, paneWidth: number, near: Set<number>, pictures: number,
 *   tab: "document" | "answers", dialog: string?, find: any, range: {from: number, to: number}?,
 *   problem: {message: string, hint: string?}?, library: any, models: any, outline: any,
 *   forgetting: string?, copied: string?, selection: any, below: boolean, options: boolean,
 *   text: any, hidden: number, dropping: boolean, choosing: boolean, plans: {[model: string]: any}, since: number}} Ui */

export {};
