// @ts-check
// The server's events: read with fetch, so that the token travels in a header; taken up again after a break.
import { ApiError, send } from "./api.js";

const WAITS = [1000, 2000, 4000, 8000];

/** Parse one block of an event stream.
 * @param {string} block @returns {{id: number?, kind: string, data: any}?} */
export function parse(block) {
  let kind = "", id = null;
  const data = [];
  for (const line of block.split("\n")) {
    const at = line.indexOf(":");
    if (at < 1) continue;
    const value = line.slice(at + 1).replace(/^ /, "");
    const field = line.slice(0, at);
    if (field === "event") kind = value;
    else if (field === "id") id = Number(value);
    else if (field === "data") data.push(value);
  }
  return kind ? { id, kind, data: JSON.parse(data.join("\n") || "{}") } : null;
}

/** Yield the events after number `last`.
 * @param {number} last @param {AbortSignal} signal */
async function* events(last, signal) {
  const headers = last ? { "Last-Event-ID": String(last) } : {};
  const reply = await send("GET", "/api/events", { signal, headers });
  const reader = /** @type {ReadableStream<Uint8Array>} */ (reply.body).getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest = (rest + decoder.decode(value, { stream: true })).replaceAll("\r\n", "\n");
    const blocks = rest.split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = parse(block);
      if (event) yield event;
    }
  }
}

/** Follow the server until it ends; a broken connection is tried again after 1, 2, 4, 8 seconds.
 * @param {{take: (kind: string, data: any) => void, open: () => void,
 *   lost: (retryAt: number) => void, locked: () => void, isOver: () => boolean}} page */
export async function follow(page) {
  let last = 0, run = null, failures = 0;
  for (;;) {
    const connection = new AbortController();
    let again = false;
    try {
      for await (const { id, kind, data } of events(last, connection.signal)) {
        if (kind === "hello") {
          page.open();
          failures = 0;
          again = run !== null && run !== data.run && last > 0;
          run = data.run;
          if (again) last = 0;
        }
        page.take(kind, data);
        if (again) break;
        if (id !== null) last = id;
        if (kind === "ended") return;
      }
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return page.locked();
    }
    connection.abort();
    if (again) continue;
    if (page.isOver()) return;
    const wait = WAITS[Math.min(failures++, WAITS.length - 1)];
    page.lost(Date.now() + wait);
    await untilRetry(wait);
  }
}

/** @type {() => void} */
let wake = () => {};

/** Try to connect now. */
export const retryNow = () => wake();

/** @param {number} milliseconds @returns {Promise<void>} */
function untilRetry(milliseconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
