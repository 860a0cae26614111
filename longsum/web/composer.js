// @ts-check
// The question box: open from the moment the document is, also while it is being read.
import { html, nothing } from "./vendor/lit-html.js";
import { ask } from "./actions.js";
import { icon } from "./icons.js";
import { remember, remembered } from "./memory.js";
import { awaitAnswer } from "./moves.js";
import { canAsk, canSummarize, isReading } from "./state.js";
import { change, store } from "./store.js";
import { words } from "./words.js";

const MAX_QUESTION = 2000;

/** @returns {HTMLTextAreaElement?} */
const box = () => /** @type {HTMLTextAreaElement?} */ (document.getElementById("question"));

/** Put words into the question box and go there.
 * @param {string} [text] */
export function putQuestion(text = "") {
  change({ tab: "answers" });
  requestAnimationFrame(() => {
    const area = box();
    if (!area) return;
    if (text) area.value = text;
    area.focus();
    area.setSelectionRange(area.value.length, area.value.length);
    grow(area);
  });
}

/** @param {HTMLTextAreaElement} area */
function grow(area) {
  area.style.setProperty("height", "auto");
  area.style.setProperty("height", `${Math.min(area.scrollHeight + 2, innerHeight * 0.3)}px`);
}

async function submit() {
  const area = box();
  const question = area?.value.trim();
  if (!area || !question || !canAsk(store.state)) return;
  const mode = canWrite(store.state) ? remembered("mode", "auto") : "auto";
  const answer = await ask(question, mode === "auto" ? null : mode === "verbatim");
  if (!answer) return;
  area.value = "";
  grow(area);
  awaitAnswer(answer.job);
}

/** @param {KeyboardEvent} event */
function keyed(event) {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
}

/** Return whether the model can write, so that there is a choice.
 * @param {import("./types.js").State} state */
export const canWrite = (state) => state.planned?.writes !== false;

/** @param {string} name */
export const modes = (name) => {
  const mode = remembered("mode", "auto");
  return html`<select aria-label=${name} @change=${(/** @type {any} */ event) => remember("mode", event.target.value)}>
    ${/** @type {const} */ (["auto", "written", "verbatim"]).map((each) =>
      html`<option value=${each} ?selected=${mode === each}>${words.answers[each]}</option>`)}</select>`;
};

/** @param {import("./types.js").State} state @param {import("./types.js").Ui} ui */
export function composer(state, ui) {
  if ((state.unfit && !state.unfit.questions) || state.refused) return nothing;
  return html`<form class="composer" aria-label=${words.answers.askLabel} @submit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    submit();
  }}>
    <textarea id="question" rows="1" maxlength=${MAX_QUESTION} placeholder=${isReading(state) ? words.answers.placeholderReading : words.answers.placeholder}
      aria-label=${words.answers.askLabel} @keydown=${keyed} @input=${(/** @type {any} */ e) => grow(e.target)}></textarea>
    <div class="row">
      ${canWrite(state) ? modes(words.answers.mode) : nothing}
      ${canSummarize(state) ? html`<button type="button" class="quiet small" aria-expanded=${ui.options ? "true" : "false"} @click=${() => {
        change({ options: !ui.options });
        document.getElementById("log")?.scrollTo({ top: 0 });
      }}>${icon("summary")}${words.summary.open}</button>` : nothing}
      <button class="primary send" ?disabled=${!canAsk(state)}>${icon("send")}${words.answers.ask}</button>
    </div></form>`;
}
