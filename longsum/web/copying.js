// @ts-check
// Text to the clipboard: a statement never leaves without its page.
import { announceDone } from "./announce.js";
import { placesOf, statementsOf } from "./marks.js";
import { splitReference } from "./paging.js";
import { change, store } from "./store.js";
import { words } from "./words.js";

/** Copy a text and confirm it on the button that asked.
 * @param {string} text @param {string} what names the button */
export async function copyText(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copyOldWay(text)) return;
  }
  announceDone(words.menu.copied);
  change({ copied: what });
  setTimeout(() => store.ui.copied === what && change({ copied: null }), 1600);
}

/** @param {string} text */
function copyOldWay(text) {
  const area = document.createElement("textarea");
  const focused = /** @type {HTMLElement?} */ (document.activeElement);
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus({ preventScroll: true });
  return done;
}

/** Return a sentence with its reference, and with a word of warning where one is due.
 * @param {import("./types.js").Sentence} sentence */
export function cited(sentence) {
  const place = splitReference(sentence.reference ?? "", sentence.pages, store.state.document).filter(Boolean).join(" ");
  const flags = [
    ...(sentence.contrary ? [words.statement.contrary] : []),
    ...(!sentence.supported && !sentence.refusal && !sentence.heading && !sentence.contrary ? [words.statement.unsupported] : []),
    ...(sentence.quotations?.some((each) => !each.found) ? [words.statement.misquote] : []),
  ];
  const note = [place, ...flags].filter(Boolean).join("; ");
  return note ? `${sentence.text} [${note}]` : sentence.text;
}

/** Copy one statement with its page and the document's name.
 * @param {string} job @param {number} index */
export function copyStatement(job, index) {
  const sentence = store.state.jobs.filter((each) => each.job === job).flatMap(statementsOf)[index];
  if (!sentence) return undefined;
  const name = store.state.document?.name;
  const place = splitReference(placesOf(sentence).length ? sentence.reference : "", sentence.pages, store.state.document);
  const source = [name, place.filter(Boolean).join(" ")].filter(Boolean).join(", ");
  const whole = sentence.supported ? `${sentence.text} (${source})` : `${cited(sentence)} (${name})`;
  return copyText(whole, `say-${job}-${index}`);
}

/** Return an answer as plain text, every sentence with its place.
 * @param {import("./types.js").Job} job */
export function answerText(job) {
  const head = job.kind === "question" ? job.question : words.answers.summary;
  const near = job.nearest.length ? ["", words.answers.nearest, ...job.nearest.map((each) => `- ${cited(each)}`)] : [];
  return [head, "", ...job.sentences.map(cited), ...near, "", ...job.receipt].join("\n");
}

/** @param {import("./types.js").Job} job */
export const copyAnswer = (job) => copyText(answerText(job), `answer-${job.job}`);

export const copyAll = () =>
  copyText(store.state.jobs.filter((job) => job.sentences.length).map(answerText).join("\n\n"), "all");
