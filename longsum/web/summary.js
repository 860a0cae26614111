// @ts-check
// A new summary: how long, in which form, on what, in whose words.
import { html, nothing } from "./vendor/lit-html.js";
import { summarize } from "./actions.js";
import { canWrite, modes } from "./composer.js";
import { remember, remembered } from "./memory.js";
import { awaitAnswer } from "./moves.js";
import { canSummarize } from "./state.js";
import { change, store } from "./store.js";
import { words } from "./words.js";

const LENGTHS = { short: 100, medium: 200, long: 400 };
const MIN_WORDS = 10, MAX_WORDS = 2000;

/** Open the form and go to it. */
export function openSummary() {
  change({ options: true, tab: "answers" });
  requestAnimationFrame(() => requestAnimationFrame(() => {
    document.getElementById("log")?.scrollTo({ top: 0 });
    /** @type {HTMLElement?} */ (document.querySelector("#summary input:checked"))?.focus();
  }));
}

/** @param {SubmitEvent} event */
async function submit(event) {
  event.preventDefault();
  const data = new FormData(/** @type {HTMLFormElement} */ (event.target));
  const length = data.get("length");
  const exact = Number(data.get("words"));
  const mode = canWrite(store.state) ? remembered("mode", "auto") : "auto";
  remember("length", length);
  remember("style", data.get("style"));
  const answer = await summarize({
    words: length === "other" ? Math.max(MIN_WORDS, Math.min(MAX_WORDS, exact || 200)) : LENGTHS[/** @type {"short"} */ (length)],
    style: data.get("style"),
    focus: String(data.get("focus") ?? "").trim() || null,
    verbatim: mode === "auto" ? null : mode === "verbatim",
  });
  if (!answer) return;
  change({ options: false });
  awaitAnswer(answer.job);
}

/** @param {string} name @param {string} value @param {any} label @param {string} chosen */
const choice = (name, value, label, chosen) => html`<label><input type="radio" name=${name} value=${value}
  ?checked=${value === chosen}><span>${label}</span></label>`;

/** @param {import("./types.js").State} state @param {import("./types.js").Ui} ui */
export function summaryForm(state, ui) {
  const fresh = !state.jobs.some((job) => job.kind === "summary") && state.phase === "ready";
  if (!canSummarize(state) || state.refused || !(ui.options || fresh)) return nothing;
  const { summary } = words;
  const length = /** @type {string} */ (remembered("length", "medium"));
  return html`<form id="summary" class="card" @submit=${submit}>
    <h3>${summary.title}</h3>
    <fieldset class="field"><legend>${summary.length}</legend><div class="switch">
      ${/** @type {const} */ (["short", "medium", "long"]).map((each) => choice("length", each, summary[each], length))}
      <label><input type="radio" name="length" value="other" id="length-other" ?checked=${length === "other"}><span>
        <input class="number" type="number" name="words" min=${MIN_WORDS} max=${MAX_WORDS} step="10" value="300" aria-label=${summary.other}
          @focus=${() => {
            /** @type {HTMLInputElement} */ (document.getElementById("length-other")).checked = true;
          }}> ${summary.words}</span></label></div></fieldset>
    <fieldset class="field"><legend>${summary.style}</legend><div class="switch">
      ${["paragraph", "bullets", "executive"].map((each) => choice("style", each, words.answers.style[each], remembered("style", "paragraph")))}</div></fieldset>
    <label class="field"><span>${summary.focus}</span><input type="text" name="focus" maxlength="200" placeholder=${summary.focusHint} autocomplete="off"></label>
    ${canWrite(state) ? html`<div class="field"><span>${summary.mode}</span>${modes(summary.mode)}</div>` : nothing}
    <div class="acts"><button class="primary">${summary.start}</button>
      ${fresh && !ui.options ? nothing : html`<button type="button" class="quiet" @click=${() => change({ options: false })}>${summary.cancel}</button>`}</div>
  </form>`;
}
