// @ts-check
// Every string that the page shows. Values are inserted as text, never as markup.
import { bytes, count, duration, rate } from "./format.js";

/** @param {number} n @param {string} one @param {string} [many] */
const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

export const words = {
  app: "longsum",
  skip: { document: "Skip to the document", answers: "Skip to the answers" },
  regions: { banners: "Problems", notes: "Notes", tabs: "Views", strip: "Pages", document: "Document", answers: "Answers" },
  tab: { document: "Document", answers: "Answer", label: "Show" },
  header: {
    library: "Library", theme: "Theme", more: "More", export: "Export", models: "Model",
    find: "Find in the document", close: "Close", back: "Back to the statement",
  },
  menu: {
    open: "Open a file…", closeDocument: "Close this document", newWindow: "New window",
    choose: "Choose pages to read…", keys: "Keyboard shortcuts", quit: "Quit longsum", dim: "Dim the pages", serif: "Serif reading view",
    copyAll: "Copy all answers", markdown: "Save as Markdown", word: "Save as Word", print: "Print",
    system: "Follow the system", light: "Light", dark: "Dark", copied: "Copied",
  },
  footer: {
    local: "Nothing leaves this computer.", opening: (/** @type {string} */ name) => `Opening ${name}`,
    ready: "Ready", idle: "Not read yet", keeping: "Saving the reading for next time", empty: "No document is open",
  },
  connection: {
    joining: "Connecting",
    lost: "longsum does not answer.",
    lostHint: "If it has ended, start it again:",
    command: "longsum window",
    retry: (/** @type {number} */ s) => (s > 0 ? `Trying again in ${s} s` : "Trying again…"),
    now: "Try now",
    lockedTitle: "This link was used already",
    locked: "Each link opens one window, once. Go on in the window that it opened, or start longsum again and use its new link.",
    endedTitle: "longsum has ended",
    ended: "You can close this window. Documents and answers are in the library when you start it again.",
    failed: "The server did not answer. Try again.",
  },
  empty: {
    title: "Drop a document here",
    about: "It is read as a whole, from the first page to the last. Every sentence of the answer leads to its place in the document.",
    open: "Open a file", kinds: "PDF, Word, EPUB, PowerPoint, text and more",
    library: "Opened before",
  },
  opening: { title: (/** @type {string} */ name) => `Opening ${name}`, size: bytes },
  refused: {
    password: "Password", wrong: "Open", other: "Open another file", show: "Show the password", hide: "Hide the password",
    copy: "Copy", library: "Library", passwordNote: "It is used once and never stored.",
    titles: /** @type {{[kind: string]: string}} */ ({
      password: "This document is locked", scanned: "Pictures of pages, without text",
      damaged: "This file is damaged", other: "This file cannot be read" }),
  },
  page: {
    unit: "page", short: "p.",
    name: (/** @type {string} */ unit, /** @type {number} */ n, /** @type {string?} */ label) =>
      `${unit} ${n}${label && label !== String(n) ? ` (printed ${label})` : ""}`,
    of: (/** @type {number} */ n) => `of ${count(n)}`, printed: (/** @type {string} */ l) => `printed ${l}`,
    number: "Page number", words: (/** @type {number} */ n) => plural(n, "word"), previous: "Previous page", next: "Next page", strip: "Page overview",
    failed: "This page cannot be drawn.", failedHint: "Its text is in the reading view.",
    again: "Try again", read: "Reading view", unread: "not read",
    pages: "Pages", text: "Text", view: "View", zoomIn: "Zoom in", zoomOut: "Zoom out",
    fit: "Fit width", zoom: (/** @type {number} */ z) => `${Math.round(z * 100)} %`,
    exactOnly: "page only", scroll: "Document pages", outline: "Contents", noOutline: "This document has no table of contents.",
    marked: (/** @type {string} */ where, /** @type {number} */ i, /** @type {number} */ n) =>
      n > 1 ? `Marked: ${where}, place ${i} of ${n}` : `Marked: ${where}`,
  },
  find: {
    label: "Find in the document", none: "Not found", type: "Type and press Enter",
    next: "Next match", previous: "Previous match",
    count: (/** @type {number} */ i, /** @type {number} */ n, /** @type {boolean} */ more) => `${i} of ${n}${more ? "+" : ""}`,
    close: "Close the search", results: "Matches",
  },
  selection: {
    bar: "Selected text", ask: "Ask about this", copy: "Copy with page",
    question: (/** @type {string} */ text, /** @type {string} */ place) => `“${text}” (${place}): `,
    cited: (/** @type {string} */ text, /** @type {string} */ place) => `“${text}” (${place})`,
  },
  reading: {
    title: "Reading the whole document", loading: (/** @type {string} */ model) => (model ? `Loading ${model}` : "Getting ready to read"), since: (/** @type {number} */ s) => duration(s),
    page: (/** @type {string} */ unit, /** @type {number} */ n, /** @type {number} */ total) => `${unit} ${count(n)} of ${count(total)}`,
    speed: (/** @type {number} */ r) => `${rate(r)} tokens/s`, left: (/** @type {number} */ s) => `about ${duration(s)} left`,
    stop: "Stop", stopping: "Stopping…", bar: "Read so far", percent: (/** @type {number} */ p) => `${p} % read`,
    stoppedTitle: "Reading was stopped", stopped: "The document stays open.", on: "Read on",
    failedTitle: "Reading did not finish", tokens: (/** @type {number} */ a, /** @type {number} */ b) => `${count(a)} of ${count(b)} tokens`,
    extracting: "Getting the text out of its pages",
  },
  answers: {
    label: "Answers", summary: "Summary", earlier: (/** @type {number} */ n) => `Earlier answers (${n})`, log: "Summary and answers",
    below: "New text below", copy: "Copy", copied: "Copied", forget: "Forget this answer", sure: "Forget this answer?", again: "Ask again", summarizeAgain: "Summarize again",
    queued: "Will be answered when the document is read.", thinking: "Looking through the document",
    stopped: "Stopped here", failed: "This did not work", receipt: "Receipt", unsure: "Not sure: none of these may be the answer.", nearest: "Nearest:",
    placeholder: "Ask about the whole document",
    placeholderReading: "Ask now, answered once it is read", ask: "Ask", askLabel: "Your question",
    mode: "Answer", auto: "Best for this model", written: "Written", verbatim: "Word for word",
    none: "Nothing yet. Summarize the document, or ask about it.",
    style: /** @type {{[s: string]: string}} */ ({ paragraph: "Paragraphs", bullets: "Bullets", executive: "Executive" }),
    length: (/** @type {number} */ n) => `about ${count(n)} words`, on: (/** @type {string} */ f) => `on ${f}`, by: (/** @type {string} */ m) => `by ${m}`,
  },
  summary: {
    open: "Summarize", title: "New summary", length: "Length", words: "words", style: "Style", focus: "Focus",
    focusHint: "a person, a topic, a question…", mode: "Sentences", start: "Summarize", cancel: "Cancel",
    short: "Short", medium: "Medium", long: "Long", other: "Other length in words",
  },
  statement: {
    unsupported: "no support found", contrary: "the document says otherwise", misquote: "quotation not found",
    unsure: "not sure", exact: "page only", verbatim: "Word for word from the document.",
    evidence: "What the document says", place: (/** @type {number} */ i, /** @type {number} */ n) => `${i}/${n}`,
    previous: "Previous place", next: "Next place", copy: "Copy with page", said: (/** @type {string} */ a, /** @type {string} */ b) => `The answer says “${a}”, the document says “${b}”.`,
    misquoted: (/** @type {string} */ q) => `“${q}” is not in the document.`,
    drafted: (/** @type {string} */ d) => `Written again. First it was “${d}”, which the document does not say.`,
    noReason: "No passage of the document says this. Check it before you use it.",
    pageOnly: "The exact place is not known, only the page.", printed: (/** @type {string} */ l) => `(printed ${l})`,
    hide: "Hide",
  },
  unfit: {
    long: "Too long for this model", memory: "Too little memory", model: "This model is not here", other: "It cannot be read this way",
    range: "Choose pages", from: "From page", to: "To page", readThese: (/** @type {number} */ a, /** @type {number} */ b) => (a === b ? `Read page ${a}` : `Read pages ${a}–${b}`),
    tokens: (/** @type {number} */ n, /** @type {number} */ w) => `${count(n)} of ${count(w)} tokens`, over: (/** @type {number} */ n) => `${count(n)} over`,
    fits: "fits", left: (/** @type {number} */ n) => `${count(n)} to spare`, models: "Other models…", or: "Or", first: "First page to read", last: "Last page to read",
    others: "Choose other pages", readAll: "Read all pages", only: (/** @type {string} */ pages, /** @type {number} */ n) => `Only pages ${pages} of ${count(n)} are read.`,
    parts: /** @type {{[name: string]: string}} */ ({ weights: "weights", cache: "cache of the document", work: "working memory", libraries: "libraries" }),
    needs: (/** @type {number} */ b) => `needs ${bytes(b)}`, free: (/** @type {number} */ b) => `${bytes(b)} free`, plan: "Memory", short: (/** @type {number} */ b) => `${bytes(b)} too much`,
    questions: "Questions can be asked all the same: with this model they need no reading.",
    rangeHint: "Drag the ends in the page overview, use the arrow keys there, or type the numbers.",
  },
  parts: {
    whole: "Read all of it, in parts",
    offer: "Each part is read whole. You get a summary of each, then one of all of them.",
    questions: "A question is put to every part.",
    reading: (/** @type {number} */ n, /** @type {number} */ of, /** @type {string} */ where) => `Reading part ${n} of ${of}, ${where}`,
    summarizing: (/** @type {number} */ n, /** @type {number} */ of, /** @type {string} */ where) => `Summarizing part ${n} of ${of}, ${where}`,
    asking: (/** @type {number} */ n, /** @type {number} */ of, /** @type {string} */ where) => `Asking part ${n} of ${of}, ${where}`,
    all: "Summarizing all parts", left: (/** @type {number} */ s) => `about ${duration(s)} left for all parts`,
    line: (/** @type {string} */ line) => `Read in ${line}.`,
  },
  lost: {
    reader: "The reader has ended", pages: "Pages cannot be drawn now", again: "Start again", text: "Show the text", retry: "Draw them again", models: "Choose another model",
  },
  models: {
    title: "Models", about: "A model is fetched only when you click. Nothing of your document is sent.", here: "on this computer",
    window: (/** @type {number} */ n) => `reads ${count(n)} tokens`, use: "Read with this", pull: (/** @type {number} */ b) => `Download ${bytes(b)}`,
    fits: "fits this computer", not: "does not fit this computer", stop: "Stop", pulling: (/** @type {number} */ a, /** @type {number} */ b) => `${bytes(a)} of ${bytes(b)}`,
    licence: (/** @type {string} */ l) => `Licence: ${l}`, failed: "The download failed.", stopped: "The download was stopped.", current: "In use", plan: "Memory for this document", small: (/** @type {number} */ w, /** @type {number} */ n) => `reads ${count(w)} tokens, this document needs about ${count(n)}`, loading: "Looking",
  },
  library: {
    title: "Library", empty: "Documents that you open are listed here, with their answers.", open: "Open", forget: "Forget", sure: "Forget its answers, its stored reading and its copy?",
    yes: "Forget", no: "Keep", pages: (/** @type {number} */ n) => plural(n, "page"), answers: (/** @type {number} */ n) => (n ? plural(n, "answer") : "no answers yet"),
    gone: "the file is no longer at its place", total: (/** @type {number} */ b) => `${bytes(b)} on this disk`, loading: "Looking",
  },
  toast: { waiting: "Waiting to be opened", dismiss: "Dismiss", openNext: "Open" },
  keys: {
    title: "Keyboard shortcuts", single: "Single-letter shortcuts",
    list: /** @type {[string, string][]} */ ([
      ["o", "Open a file"], ["l", "Library"], ["m", "Models"], ["s", "Summarize"], ["/", "Ask a question"], ["f", "Find in the document"],
      ["j  k", "Next, previous statement"], ["Enter", "Show its place"], ["n  p", "Next, previous place"], ["b", "Back to the statement"],
      ["c", "Copy the statement with its page"], ["g", "Go to a page"], ["+  −  0", "Zoom in, out, fit"], ["t", "Pages or reading view"],
      ["d", "Light or dark"], ["e", "Export"], ["Esc", "Close, or stop"], ["?", "This list"],
    ]),
  },
  splitter: "Width of the document",
};
