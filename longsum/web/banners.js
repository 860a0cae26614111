// @ts-check
// Lines below the header: a broken connection, what went wrong, notices, files that wait.
import { html, nothing } from "./vendor/lit-html.js";
import { closeDocument } from "./actions.js";
import { icon } from "./icons.js";
import { retryNow } from "./stream.js";
import { change } from "./store.js";
import { commandLine } from "./trouble.js";
import { words } from "./words.js";

/** @param {string} kind @param {any} body @param {(() => void)?} dismiss */
const banner = (kind, body, dismiss) => html`<div class="banner ${kind}" role=${kind === "bad" ? "alert" : "status"}>
  <p>${body}</p>${dismiss ? html`<button class="quiet" aria-label=${words.toast.dismiss} title=${words.toast.dismiss} @click=${dismiss}>${icon("close")}</button>` : nothing}</div>`;

/** @param {import("./types.js").State} state @param {import("./types.js").Ui} ui */
export function banners(state, ui) {
  const lines = [];
  if (ui.connection === "lost" && state.stage !== "unknown" && !state.ended) {
    const seconds = Math.max(0, Math.round((ui.retryAt - Date.now()) / 1000));
    lines.push(html`<div class="banner bad"><p role="alert"><b>${words.connection.lost}</b> ${words.connection.lostHint}</p>
      ${commandLine(words.connection.command, ui)}<span class="note">${words.connection.retry(seconds)}</span>
      <button @click=${retryNow}>${words.connection.now}</button></div>`);
  }
  const { problem } = ui;
  if (problem) {
    lines.push(banner("bad", html`<bdi>${[problem.message, problem.hint].filter(Boolean).join(" ")}</bdi>`, () => change({ problem: null })));
  }
  if (state.waiting.length) {
    lines.push(html`<div class="banner"><p><bdi>${words.toast.waiting(state.waiting)}</bdi></p>
      ${state.document || state.refused ? html`<button @click=${closeDocument}>${words.toast.openNext}</button>` : nothing}</div>`);
  }
  const known = new Set(state.notices.map((each) => each.line));
  const all = [...state.notices, ...(state.document?.warnings ?? []).filter((line) => !known.has(line)).map((line) => ({ kind: "warning", line }))];
  const fresh = all.slice(ui.hidden);
  if (fresh.length) {
    lines.push(banner(fresh.some((each) => each.kind === "warning") ? "mind" : "", fresh.map((each) => html`<span class="line"><bdi>${each.line}</bdi></span>`),
      () => change({ hidden: all.length })));
  }
  return lines;
}
