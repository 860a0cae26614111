// @ts-check
// Events in, state out. Pure: no reducer touches the page, the clock or its arguments.

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Job} Job */

const noDocument = {
  opening: null, document: null, refused: null, counted: null, planned: null, unfit: null,
  phase: "idle", prefill: null, read: null, readingStopped: false, failed: null, jobs: [],
  lost: {}, notices: [], parts: null, part: null, throughParts: false,
};

/** Return the state before the first event.
 * @returns {State} */
export const start = () => ({
  run: null, version: "", shelf: false, word: false, ended: false, stage: "unknown",
  pulls: {}, waiting: [], ...noDocument,
});

/** Change one job, or leave all as they are where it is unknown.
 * @param {State} state @param {string} id @param {(job: Job) => Partial<Job>} patch
 * @returns {State} */
function withJob(state, id, patch) {
  return {
    ...state,
    jobs: state.jobs.map((job) => (job.job === id ? { ...job, ...patch(job) } : job)),
  };
}

/** @param {any} event @returns {Job} */
const newJob = (event) => ({
  text: "", sentences: [], nearest: [], receipt: [], chance: null, sure: null, short: null, old: false, selected: null, ...event,
});

/** @param {State} state @param {any} event @returns {State} */
function takeJob(state, event) {
  const known = state.jobs.some((job) => job.job === event.job);
  if (event.state === "running" && state.parts) state = { ...state, part: null, prefill: null };
  if (known) return withJob(state, event.job, () => event);
  const selected = state.document?.selected ?? null;
  return { ...state, jobs: [...state.jobs, { ...newJob(event), selected }] };
}

/** @param {State} state @param {string} kind @param {string} line @returns {State} */
function withNotice(state, kind, line) {
  if (state.notices.some((notice) => notice.line === line)) return state;
  return { ...state, notices: [...state.notices, /** @type {any} */ ({ kind, line })] };
}

/** Return whether the document is being loaded or read.
 * @param {State} state */
export const isReading = (state) => state.phase === "loading" || state.phase === "reading";

/** One reducer for each kind of event.
 * @type {{[kind: string]: (state: State, event: any) => State}} */
export const take = {
  hello: (state, { run, version, shelf, word }) =>
    state.run === null || state.run === run
      ? { ...state, run, version, shelf, word }
      : { ...start(), run, version, shelf, word },

  closed: (state) => ({ ...state, ...noDocument, stage: "closed" }),
  opening: (state, event) => ({ ...state, ...noDocument, stage: "opening", opening: event }),
  document: (state, event) => ({ ...state, document: event, refused: null, stage: "open" }),
  forgotten: (state, { job }) => ({ ...state, jobs: state.jobs.filter((each) => each.job !== job) }),
  refused: (state, event) => ({ ...state, refused: event, stage: "refused", phase: "idle" }),

  counted: (state, event) => ({ ...state, counted: event, parts: null, part: null, throughParts: false }),
  planned: (state, event) => ({ ...state, planned: event }),
  unfit: (state, event) => ({ ...state, unfit: event, phase: "idle" }),

  phase(state, { name }) {
    const begins = name === "loading" || name === "reading";
    const lost = begins ? { ...state.lost } : state.lost;
    if (begins) delete lost.reader;
    return {
      ...state, phase: name, lost,
      unfit: begins ? null : state.unfit,
      failed: begins ? null : state.failed,
      readingStopped: begins ? false : state.readingStopped,
      prefill: name === "loading" ? null : state.prefill,
      read: name === "loading" ? null : state.read,
    };
  },
  // the first progress ends the loading; while an answer is made, its few tokens are no reading
  prefill: (state, event) => (isReading(state) ? { ...state, prefill: event, phase: "reading" } : state),
  read: (state, event) => ({ ...state, read: event, phase: "ready" }),
  // parts are read for each answer anew
  parts: (state, event) => ({ ...state, parts: event }),
  part: (state, event) => ({ ...state, part: event, phase: event.number ? "reading" : state.phase }),

  job: takeJob,
  text: (state, { job, text }) => withJob(state, job, (old) => ({ text: old.text + text })),
  sentence: (state, event) =>
    withJob(state, event.job, (old) => ({ sentences: [...old.sentences, event] })),
  nearest: (state, event) =>
    withJob(state, event.job, (old) => ({ nearest: [...old.nearest, event] })),
  done: (state, { job, receipt, cautions, chance, sure, short, model }) =>
    withJob({ ...state, throughParts: state.throughParts || state.part !== null }, job,
      () => ({ state: "done", receipt, cautions, chance, sure, short, model })),
  stopped: (state, { job }) =>
    job === "reading"
      ? { ...state, readingStopped: true, phase: "idle" }
      : withJob(state, job, () => ({ state: "stopped" })),
  failed: (state, { job, message, hint }) =>
    job === "reading"
      ? { ...state, failed: { message, hint }, phase: "idle" }
      : withJob(state, job, () => ({ state: "failed", message, hint })),
  old: (state, event) =>
    state.jobs.some((job) => job.job === event.job)
      ? state
      : { ...state, jobs: [...state.jobs, { ...newJob(event), selected: event.pages ?? null, old: true, state: "done" }] },

  lost: (state, { what, message, hint }) => ({
    ...state,
    lost: { ...state.lost, [what]: { message, hint } },
    phase: what === "reader" ? "idle" : state.phase,
  }),
  notice: (state, { line }) => withNotice(state, "notice", line),
  warning: (state, { line }) => withNotice(state, "warning", line),
  pull: (state, event) => ({ ...state, pulls: { ...state.pulls, [event.name]: event } }),
  waiting: (state, { names }) => ({ ...state, waiting: names }),
  ended: (state) => ({ ...state, ended: true }),
};

/** Return whether a question can be asked now, or will be answered once the document is read.
 * @param {State} state */
export const canAsk = ({ stage, document, unfit }) =>
  stage === "open" && Boolean(document?.characters) && (!unfit || unfit.questions === true);

/** Return whether a summary can be asked for: it needs a document that fits.
 * @param {State} state */
export const canSummarize = (state) => canAsk(state) && !state.unfit;
