// @ts-check
// One sentence of an answer: a button that leads to its places, and below it what the document says.
import { html, nothing } from "./vendor/lit-html.js";
import { copyStatement } from "./copying.js";
import { icon } from "./icons.js";
import { placesOf } from "./marks.js";
import { showPage, showStatement, stepPlace } from "./moves.js";
import { splitReference } from "./paging.js";
import { change } from "./store.js";
import { words } from "./words.js";

/** @typedef {import("./types.js").Sentence} Sentence */
/** @typedef {import("./types.js").Ui} Ui */

/** Name how far a sentence can be trusted; it decides colour, shape and words.
 * @param {Sentence} sentence @returns {"supported" | "unsupported" | "contrary" | "misquote" | "refusal"} */
export function standing({ supported, contrary, quotations, refusal }) {
  if (contrary) return "contrary";
  if (quotations?.some((each) => !each.found)) return "misquote";
  if (refusal) return "refusal";
  return supported ? "supported" : "unsupported";
}

/** Return the text of a sentence without the sign of a list before it.
 * @param {string} text */
export const bare = (text) => text.trim().replace(/^(?:[-*•–]|#{1,4})\s+/, "");

/** Split off the quotations that are not in the document, so that they can be marked.
 * @param {string} text @param {string[]} false_ */
export function quoted(text, false_) {
  let parts = [{ text, wrong: false }];
  for (const quotation of false_.filter(Boolean)) {
    parts = parts.flatMap((part) => {
      const at = part.wrong ? -1 : part.text.indexOf(quotation);
      if (at < 0) return [part];
      return [{ text: part.text.slice(0, at), wrong: false }, { text: quotation, wrong: true },
        { text: part.text.slice(at + quotation.length), wrong: false }];
    });
  }
  return parts.filter((part) => part.text);
}

/** A reference: the file's page, and the printed one where it differs.
 * @param {string} reference @param {number[]} pages @param {import("./types.js").Document?} document */
function cite(reference, pages, document) {
  const [place, label] = splitReference(reference, pages, document);
  return html`<span class="ref"><bdi>${place}</bdi>${label ? html` <span class="printed"><bdi>${label}</bdi></span>` : nothing}</span>`;
}

/** @param {Sentence} sentence @param {import("./types.js").Document?} document */
function reference(sentence, document) {
  if (!sentence.reference) return nothing;
  return html` ${cite(sentence.reference, sentence.pages, document)}`;
}

/** @param {Sentence} sentence @param {string} stand */
function flag(sentence, stand) {
  if (stand === "supported" || stand === "refusal") {
    const vague = sentence.evidence.length > 0 && sentence.evidence.every((each) => each.exact === false);
    if (sentence.sure === false) return html` <span class="flag soft">${words.statement.unsure}</span>`;
    return vague ? html` <span class="flag soft">${words.statement.exact}</span>` : nothing;
  }
  return html` <span class="flag">${words.statement[/** @type {"contrary" | "misquote" | "unsupported"} */ (stand)]}</span>`;
}

/** @param {import("./marks.js").Place} place @param {number} index @param {string} job @param {number} number @param {Ui} ui
 * @param {import("./types.js").Document?} document */
function passage(place, index, job, number, ui, document) {
  const here = ui.current?.place === index;
  return html`<li><button class="passage${place.contrary ? " contrary" : ""}" aria-current=${here ? "true" : "false"}
    @click=${() => showStatement(job, number, index)}>
    <q><bdi>${place.text.replace(/\s+/g, " ").trim()}</bdi></q>
    ${cite(place.reference, place.marks.map(({ page }) => page), document)}
    ${place.exact ? nothing : html`<span class="flag soft">${words.statement.pageOnly}</span>`}</button></li>`;
}

/** @param {string} one @param {string} other */
const same = (one, other) => one.replace(/\s+/g, " ").trim() === other.replace(/\s+/g, " ").trim();

/** @param {Sentence} sentence @param {string} job @param {number} index
 * @param {import("./types.js").State} state @param {Ui} ui */
function details(sentence, job, index, state, ui) {
  const places = placesOf(sentence);
  const { statement } = words;
  const verbatim = places.length === 1 && same(places[0].text, bare(sentence.text)) && places[0].exact;
  const many = places.length > 1 && ui.current;
  const id = `say-${job}-${index}`;
  const wrong = (sentence.quotations ?? []).filter((each) => !each.found);
  return html`<div class="details" id="details-${job}-${index}">
    ${sentence.contrary ? html`<p class="why">${statement.said(sentence.contrary.said, sentence.contrary.found)}</p>` : nothing}
    ${wrong.map((each) => html`<p class="why">${statement.misquoted(each.text)}</p>`)}
    ${!sentence.supported && !sentence.refusal && !sentence.contrary
      ? html`<p class="why">${sentence.reason ? html`<bdi>${sentence.reason}</bdi>` : statement.noReason}</p>` : nothing}
    ${sentence.drafted ? html`<p class="note">${statement.drafted(sentence.drafted)}</p>` : nothing}
    ${verbatim ? html`<p class="note">${statement.verbatim}</p>` : places.length ? html`
      <h4>${statement.evidence}</h4>
      <ol class="passages">${places.map((place, at) => passage(place, at, job, index, ui, state.document))}</ol>` : nothing}
    <div class="acts">
      ${many ? html`<span class="turn"><button class="quiet" aria-label=${statement.previous} title=${statement.previous} @click=${() => stepPlace(-1)}>${icon("previous")}</button>
        <span>${statement.place(many.place + 1, places.length)}</span>
        <button class="quiet" aria-label=${statement.next} title=${statement.next} @click=${() => stepPlace(1)}>${icon("next")}</button></span>` : nothing}
      <button class="quiet small" @click=${() => copyStatement(job, index)}>${icon(ui.copied === id ? "check" : "copy")}${ui.copied === id ? words.menu.copied : statement.copy}</button>
      <button class="quiet small" @click=${() => change({ current: null })}>${statement.hide}</button>
    </div></div>`;
}

/** A heading; that of a part leads to its first page.
 * @param {Sentence} sentence */
function heading({ text, pages }) {
  const line = html`<bdi>${bare(text)}</bdi>`;
  return html`<h4 class="heading">${pages.length ? html`<button class="quiet" @click=${() => showPage(pages[0])}>${line}</button>` : line}</h4>`;
}

/** @param {Sentence} sentence @param {string} job @param {number} index
 * @param {import("./types.js").State} state @param {Ui} ui */
export function statement(sentence, job, index, state, ui) {
  if (sentence.heading) return heading(sentence);
  const stand = standing(sentence);
  const shown = ui.current?.job === job && ui.current.index === index;
  const wrong = (sentence.quotations ?? []).filter((each) => !each.found).map((each) => each.text);
  return html`<div class="statement ${stand}">
    <button class="say" id="say-${job}-${index}" aria-current=${shown ? "true" : "false"} aria-expanded=${shown ? "true" : "false"}
      @click=${() => showStatement(job, index)}>
      <span class="sign" aria-hidden="true"></span><bdi>${quoted(bare(sentence.text), wrong).map((part) =>
        part.wrong ? html`<span class="wrong">${part.text}</span>` : part.text)}</bdi>${reference(sentence, state.document)}${flag(sentence, stand)}</button>
    ${shown ? details(sentence, job, index, state, ui) : nothing}</div>`;
}
