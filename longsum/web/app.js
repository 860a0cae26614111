// @ts-check
// The start: log in, follow the server's events, draw what changed.
import { announce } from "./announce.js";
import { login } from "./api.js";
import { watchDrops } from "./drop.js";
import { watchKeys } from "./keys.js";
import { arrived } from "./moves.js";
import { drawRegions } from "./view.js";
import { isReading } from "./state.js";
import { follow } from "./stream.js";
import { apply, change, forgetDocument, onChange, store } from "./store.js";
import { applyLooks } from "./looks.js";
import { watchSelection } from "./selection.js";
import { watchSplitter } from "./splitter.js";

/** @param {string} kind @param {any} data */
function takeEvent(kind, data) {
  const before = store.state;
  if (kind === "phase" || kind === "prefill") change({ since: Date.now() });
  if (kind === "opening" || kind === "closed") forgetDocument();
  apply(kind, data);
  if (before.run !== null && before.run !== store.state.run) forgetDocument();
  announce(kind, data, before, store.state);
  arrived(kind, data);
}

async function begin() {
  applyLooks();
  onChange(drawRegions);
  watchDrops();
  watchKeys();
  watchSelection();
  watchSplitter();
  change({});
  if (!(await login().catch(() => true))) return change({ connection: "locked" });
  await follow({
    take: takeEvent,
    open: () => change({ connection: "open" }),
    lost: (retryAt) => change({ connection: "lost", retryAt }),
    locked: () => change({ connection: "locked" }),
  });
}

// Seconds are shown: until the next try, since loading began, until the document is read.
setInterval(() => (store.ui.connection === "lost" || isReading(store.state)) && change({}), 1000);

begin();
