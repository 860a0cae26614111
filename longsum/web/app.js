// @ts-check
// The start: log in, follow the server's events, draw what changed.
import { announce } from "./announce.js";
import { login } from "./api.js";
import { watchDrops } from "./drop.js";
import { libraryChanged } from "./empty.js";
import { watchKeys } from "./keys.js";
import { arrived } from "./moves.js";
import { forgetPictures } from "./pictures.js";
import { forgetLayers } from "./textlayer.js";
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
  if (kind === "prefill" || (kind === "phase" && data.name !== before.phase)) change({ since: Date.now() });
  if (kind === "opening" || kind === "closed") leaveDocument();
  if (kind === "document") change({ text: null });
  apply(kind, data);
  if (before.run !== null && before.run !== store.state.run) leaveDocument();
  announce(kind, data, before, store.state);
  arrived(kind, data);
}

/** Let go of all that belongs to the document that was open. */
function leaveDocument() {
  forgetDocument();
  forgetPictures();
  forgetLayers();
  libraryChanged();
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
    isOver: () => store.state.ended,
  });
}

// Seconds are shown: until the next try, since loading began, until the document is read.
setInterval(() => (store.ui.connection === "lost" || isReading(store.state)) && change({}), 1000);

begin();
