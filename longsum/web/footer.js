// @ts-check
// The last line: what is going on, or what the last answer rests on.
import { html, nothing } from "./vendor/lit-html.js";
import { partFacts, partsJob, partTitle } from "./part_now.js";
import { words } from "./words.js";

/** @typedef {import("./types.js").State} State */

/** Return the status in words.
 * @param {State} state @returns {string[]} */
export function status(state) {
  const { footer, reading } = words;
  if (state.stage === "opening" && !state.document) return [footer.opening(state.opening?.name ?? "")];
  if (!state.document) return [footer.empty];
  if (partsJob(state)) return [partTitle(state), ...partFacts(state, Date.now())];
  if (state.phase === "loading") return [reading.loading(state.counted?.model ?? "")];
  if (state.phase === "reading") {
    const { done, total, page, tokens_per_s, seconds_left } = state.prefill ?? {};
    if (!total) return [reading.title];
    return [
      page ? reading.page(state.document.unit?.name ?? words.page.unit, page, state.document.total_pages) : reading.tokens(done, total),
      ...(tokens_per_s ? [reading.speed(tokens_per_s)] : []),
      ...(seconds_left == null ? [] : [reading.left(seconds_left)]),
    ];
  }
  const last = state.jobs.findLast((job) => job.receipt?.length && !job.old)
    ?? state.jobs.findLast((job) => job.receipt?.length);
  if (last) return last.receipt;
  if (state.phase === "keeping") return [footer.keeping];
  if (state.read) return [reading.tokens(state.read.tokens, state.read.total_tokens), footer.ready];
  return [footer.idle];
}

/** @param {State} state @param {import("./types.js").Ui} ui */
export function footer(state, ui) {
  if (ui.connection === "locked" || state.ended) return nothing;
  const lines = status(state);
  return html`<p class="status" title=${lines.join(" · ")}>${lines.map((line) => html`<span><bdi>${line}</bdi></span>`)}</p>
    <p class="local">${words.footer.local}</p>`;
}

