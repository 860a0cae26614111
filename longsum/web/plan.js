// @ts-check
// The memory plan as a stacked bar against what is free.
import { html, nothing } from "./vendor/lit-html.js";
import { bytes } from "./format.js";
import { words } from "./words.js";

/** @param {import("./types.js").Planned?} planned */
export function memoryBar(planned) {
  if (!planned) return nothing;
  const whole = Math.max(planned.total, planned.free) || 1;
  let x = 0;
  const pieces = planned.parts.map((part, index) => {
    const at = x;
    x += (100 * part.bytes) / whole;
    return { ...part, at, width: Math.max(0, x - at), index };
  });
  const free = (100 * planned.free) / whole;
  return html`<div class="plan"><h4>${words.unfit.plan}</h4>
    <svg class="stack" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect class="free" width=${Math.min(100, free)} height="10"></rect>
      ${pieces.map((piece) => bar(piece))}${line(free)}</svg>
    <p class="facts"><span>${words.unfit.needs(planned.total)}</span><span>${words.unfit.free(planned.free)}</span>
      ${planned.total > planned.free ? html`<b class="bad">${words.unfit.short(planned.total - planned.free)}</b>` : nothing}</p>
    <ul class="legend">${pieces.map((piece) => html`<li><i class="part-${piece.index % 4}"></i>${words.unfit.parts[piece.name] ?? piece.name} <span>${bytes(piece.bytes)}</span></li>`)}</ul></div>`;
}

/** @param {any} piece */
const bar = (piece) => html`<svg x=${piece.at} width=${piece.width} height="10" viewBox="0 0 1 1" preserveAspectRatio="none"><rect class="part-${piece.index % 4}" width="1" height="1"></rect></svg>`;

/** @param {number} at */
const line = (at) => html`<svg x=${Math.min(99.4, at)} width="0.6" height="10" viewBox="0 0 1 1" preserveAspectRatio="none"><rect class="limit" width="1" height="1"></rect></svg>`;
