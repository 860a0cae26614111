// @ts-check
// The answers: the summary and what was asked, as they come; the reader's scroll is never moved.
import { html, nothing } from "./vendor/lit-html.js";
import { askAgain, forgetAnswer, stopJob } from "./actions.js";
import { composer } from "./composer.js";
import { copyAnswer } from "./copying.js";
import { cut, day, sentence } from "./format.js";
import { icon } from "./icons.js";
import { calm } from "./looks.js";
import { progress } from "./progress.js";
import { bare, statement } from "./statement.js";
import { change, store } from "./store.js";
import { summaryForm } from "./summary.js";
import { situation } from "./view.js";
import { trouble } from "./trouble.js";
import { words } from "./words.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Ui} Ui */
/** @typedef {import("./types.js").Job} Job */

/** Group an answer's sentences into the paragraphs they were written in.
 * @param {Job} job @returns {{items: boolean, sentences: {sentence: import("./types.js").Sentence, index: number}[]}[]} */
export function paragraphs({ text, sentences }) {
  /** @type {ReturnType<typeof paragraphs>} */
  const found = [];
  let end = 0;
  sentences.forEach((sentence, index) => {
    const gap = index ? cut(text, end, sentence.start) : "";
    const item = /(^|\n)\s*[-*•–]\s*$/.test(`\n${cut(text, end, sentence.start)}`) || bare(sentence.text) !== sentence.text.trim();
    const last = found.at(-1);
    if (last && !gap.includes("\n") && !sentence.heading) last.sentences.push({ sentence, index });
    else found.push({ items: item && !sentence.heading, sentences: [{ sentence, index }] });
    end = sentence.end;
  });
  return found;
}

/** @param {Job} job */
function meta(job) {
  const { words: length, style, focus, verbatim } = job.settings ?? {};
  const parts = [
    ...(length && job.kind === "summary" ? [words.answers.length(length)] : []),
    ...(style && style !== "paragraph" ? [words.answers.style[style] ?? style] : []),
    ...(focus ? [words.answers.on(focus)] : []),
    ...(verbatim === true ? [words.answers.verbatim] : verbatim === false ? [words.answers.written] : []),
    ...(job.old ? [day(job.asked), job.model && words.answers.by(job.model)].filter(Boolean) : []),
  ];
  return parts.length ? html`<p class="meta"><bdi>${parts.join(" · ")}</bdi></p>` : nothing;
}

/** @param {Job} job @param {Ui} ui */
function acts(job, ui) {
  if (job.state === "running" || job.state === "queued") {
    return html`<button class="quiet small" @click=${() => stopJob(job.job)}>${icon("stop")}${words.reading.stop}</button>`;
  }
  if (job.state === "stopping") return html`<span class="note">${words.reading.stopping}</span>`;
  const done = ui.copied === `answer-${job.job}`;
  if (ui.forgetting === job.job) {
    return html`<span class="sure" role="alert">${words.answers.sure} <button class="small danger" @click=${() => forgetAnswer(job.job)}>${words.library.yes}</button>
      <button class="quiet small" @click=${() => change({ forgetting: null })}>${words.library.no}</button></span>`;
  }
  const bin = html`<button class="quiet" aria-label=${words.answers.forget} title=${words.answers.forget}
    @click=${() => change({ forgetting: job.job })}>${icon("bin")}</button>`;
  if (!job.sentences.length) return bin;
  return html`<span class="pair"><button class="quiet" aria-label=${done ? words.answers.copied : words.answers.copy}
    title=${words.answers.copy} @click=${() => copyAnswer(job)}>${icon(done ? "check" : "copy")}</button>${bin}</span>`;
}

/** @param {Job} job */
function ending(job) {
  if (job.state === "queued") return html`<p class="note waiting">${words.answers.queued}</p>`;
  if (job.state === "running" && !job.text) return html`<p class="note pulse">${words.answers.thinking}</p>`;
  if (job.state !== "stopped" && job.state !== "failed") return nothing;
  const failed = job.state === "failed";
  return html`<div class="ending ${job.state}"><div><p><b>${failed ? words.answers.failed : words.answers.stopped}</b></p>
    ${failed ? html`<p><bdi>${sentence(job.message)}</bdi></p>${job.hint ? html`<p class="note"><bdi>${sentence(job.hint)}</bdi></p>` : nothing}` : nothing}</div>
    <button @click=${() => askAgain(job)}>${job.kind === "summary" ? words.answers.summarizeAgain : words.answers.again}</button></div>`;
}

/** The sentences that come nearest to a question none was found for, set apart from an answer.
 * @param {Job} job @param {State} state @param {Ui} ui */
function nearest(job, state, ui) {
  if (!job.nearest.length) return nothing;
  return html`<div class="nearest"><p class="note">${words.answers.nearest}</p>
    ${job.nearest.map((sentence, at) => statement(sentence, job.job, job.sentences.length + at, state, ui))}</div>`;
}

/** @param {Job} job @param {State} state @param {Ui} ui */
function answer(job, state, ui) {
  const tail = cut(job.text, job.sentences.at(-1)?.end ?? 0);
  const busy = job.state === "running";
  return html`<article class="answer ${job.kind}" id="answer-${job.job}" aria-busy=${busy ? "true" : "false"}>
    <header><h3><bdi>${job.kind === "summary" ? words.answers.summary : job.question}</bdi></h3>${acts(job, ui)}</header>
    ${meta(job)}
    ${job.sure === false ? html`<p class="note unsure">${words.answers.unsure}</p>` : nothing}
    ${job.short ? html`<p class="short"><bdi>${job.short}</bdi></p>` : nothing}
    ${(job.cautions ?? []).map((line) => html`<p class="caution">${icon("alert")}<bdi>${sentence(line)}</bdi></p>`)}
    ${paragraphs(job).map((group) => html`<div class="paragraph${group.items ? " item" : ""}">
      ${group.sentences.map(({ sentence, index }) => statement(sentence, job.job, index, state, ui))}</div>`)}
    ${nearest(job, state, ui)}
    ${tail.trim() && (busy || job.state === "stopped" || job.state === "stopping")
      ? html`<p class="coming${busy ? " pulse" : ""}" aria-hidden="true"><bdi>${bare(tail)}</bdi></p>` : nothing}
    ${ending(job)}
    ${job.receipt?.length ? html`<details class="receipt"><summary>${words.answers.receipt}</summary>
      ${job.receipt.map((line) => html`<p><bdi>${line}</bdi></p>`)}</details>` : nothing}
  </article>`;
}

/** @param {State} state @param {Ui} ui */
function log(state, ui) {
  const old = state.jobs.filter((job) => job.old), today = state.jobs.filter((job) => !job.old);
  return html`<div class="log" role="log" aria-live="off" aria-label=${words.answers.log}>
    ${old.length ? html`<details class="earlier" ?open=${!today.length}><summary>${words.answers.earlier(old.length)}</summary>
      ${old.map((job) => answer(job, state, ui))}</details>` : nothing}
    ${today.map((job) => answer(job, state, ui))}
    ${state.jobs.length || state.phase !== "ready" || ui.options ? nothing : html`<p class="note">${words.answers.none}</p>`}</div>`;
}

/** @param {State} state @param {Ui} ui */
export function answersRegion(state, ui) {
  if (situation(state, ui) === "opening") return html`<div id="log" class="scroll"><div class="card still">
    <p class="pulse"><bdi>${words.opening.title(state.opening?.name ?? "")}</bdi></p></div></div>`;
  return html`<h2 class="unseen">${words.answers.label}</h2>
    <div id="log" class="scroll" tabindex="-1" @scroll=${noteBelow}>
      ${trouble(state, ui)}${progress(state, ui)}${summaryForm(state, ui)}${log(state, ui)}</div>
    ${ui.below ? html`<button class="below" @click=${toEnd}>${icon("down")}${words.answers.below}</button>` : nothing}
    ${composer(state, ui)}`;
}

/** Note whether an answer grows below what is in view; scrolling after its end means that it was seen.
 * @param {Event} [event] */
function noteBelow(event) {
  const pane = document.getElementById("log");
  if (!pane) return;
  const busy = store.state.jobs.some((job) => job.state === "running" && job.text);
  const hidden = pane.scrollHeight - pane.scrollTop - pane.clientHeight > 60;
  const below = hidden && (busy || (store.ui.below && !event));
  if (below !== store.ui.below) change({ below });
}

function toEnd() {
  const pane = document.getElementById("log");
  pane?.scrollTo({ top: pane.scrollHeight, behavior: calm() ? "auto" : "smooth" });
}

/** What holds its place on the screen while things above it come and go.
 * @type {{element: Element, top: number}?} */
let held = null;

/** Note what the reader looks at: the focused statement, else what is at the top. */
export function beforeAnswers() {
  const pane = document.getElementById("log");
  held = null;
  if (!pane) return;
  const box = pane.getBoundingClientRect();
  const focused = pane.contains(document.activeElement) ? document.activeElement : null;
  const near = focused && focused.getBoundingClientRect().top > box.top - 40 ? focused : null;
  const element = near ?? (pane.scrollTop > 0
    ? document.elementFromPoint(box.left + box.width / 2, box.top + 12)?.closest(".statement, .answer, .card") : null);
  if (element && element !== pane) held = { element, top: element.getBoundingClientRect().top };
}

export function afterAnswers() {
  const pane = document.getElementById("log");
  if (pane && held?.element.isConnected) {
    const moved = held.element.getBoundingClientRect().top - held.top;
    if (Math.abs(moved) >= 1) pane.scrollTop += moved;
  }
  noteBelow();
}
