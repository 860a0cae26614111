// @ts-check
// What a screen reader hears: whole sentences and quarters of the reading, never single words or ticks.
import { partTitle } from "./part_now.js";
import { words } from "./words.js";

/** Events that arrive within this time of a connection are a replay. */
const REPLAY_MS = 1500;
let openedAt = 0;
let quarter = 0;

/** @param {"polite" | "assertive"} where @param {string} text */
function say(where, text) {
  const region = document.getElementById(where);
  if (!region || !text) return;
  const line = document.createElement("p");
  line.textContent = text;
  region.append(line);
  while (region.childElementCount > 4) region.firstElementChild?.remove();
}

/** @param {any} sentence */
function spoken({ text, supported, refusal, contrary, reference }) {
  const mark = contrary ? words.statement.contrary : supported || refusal ? reference : words.statement.unsupported;
  return [text, mark].filter(Boolean).join(" ");
}

/** Announce an event, where it is worth a word.
 * @param {string} kind @param {any} data
 * @param {import("./types.js").State} before @param {import("./types.js").State} after */
export function announce(kind, data, before, after) {
  if (kind === "hello") openedAt = Date.now();
  if ((kind === "phase" && data.name === "loading") || (kind === "job" && data.state === "running")) quarter = 0;
  if (Date.now() - openedAt < REPLAY_MS) return;
  if (kind === "part") say("polite", partTitle({ ...after, phase: "reading" }));
  if (kind === "sentence") say("polite", spoken(data));
  if (kind === "nearest") say("polite", `${words.answers.nearest} ${spoken(data)}`);
  if (kind === "refused" || kind === "unfit" || kind === "lost" || kind === "failed") {
    say("assertive", [data.message, data.hint].filter(Boolean).join(" "));
  }
  if (kind === "prefill" && data.total && after.phase === "reading") {
    const now = Math.floor((4 * data.done) / data.total);
    if (now > quarter) {
      quarter = now;
      say("polite", words.reading.percent(25 * now));
    }
  }
  if (kind === "document" && before.stage !== after.stage) say("polite", data.name);
}

/** Announce the place that is marked now.
 * @param {{reference: string}} place @param {number} index @param {number} total */
export function announcePlace({ reference }, index, total) {
  say("polite", words.page.marked(reference, index + 1, total));
}

/** Announce a short confirmation.
 * @param {string} text */
export const announceDone = (text) => say("polite", text);
