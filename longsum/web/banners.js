// @ts-check
// Lines below the header: a broken connection, and what went wrong.
import { html, nothing } from "./vendor/lit-html.js";
import { sentence } from "./format.js";
import { icon } from "./icons.js";
import { retryNow } from "./stream.js";
import { change } from "./store.js";
import { commandLine } from "./trouble.js";
import { words } from "./words.js";

/** @param {import("./types.js").State} state @param {import("./types.js").Ui} ui */
export function banners(state, ui) {
  const { problem } = ui;
  const lost = ui.connection === "lost" && state.stage !== "unknown" && !state.ended;
  const seconds = Math.max(0, Math.round((ui.retryAt - Date.now()) / 1000));
  return html`${lost ? html`<div class="banner bad"><p role="alert"><b>${words.connection.lost}</b> ${words.connection.lostHint}</p>
      ${commandLine(words.connection.command, ui)}<span class="note">${words.connection.retry(seconds)}</span>
      <button @click=${retryNow}>${words.connection.now}</button></div>` : nothing}
    ${problem ? html`<div class="banner bad"><p role="alert"><bdi>${[problem.message, problem.hint].filter(Boolean).map(sentence).join(" · ")}</bdi></p>
      <button class="quiet" aria-label=${words.toast.dismiss} title=${words.toast.dismiss} @click=${() => change({ problem: null })}>${icon("close")}</button></div>` : nothing}`;
}
