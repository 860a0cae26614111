// @ts-check
// What the reader can make the server do. Each action reports its failure in the page.
import { attempt, get, post, remove, send } from "./api.js";
import { isReading } from "./state.js";
import { apply, change, store } from "./store.js";
import { words } from "./words.js";

/** @param {{message: string, hint: string?}} problem */
const report = (problem) => change({ problem });

/** @template T @param {Promise<T>} step @returns {Promise<T | undefined>} */
export function run(step) {
  change({ problem: null });
  return attempt(step, report, words.connection.failed);
}

/** Send files one after the other; the server queues all but the first.
 * @param {Iterable<File>} files */
export async function openFiles(files) {
  for (const file of files) {
    await run(send("POST", `/api/files?name=${encodeURIComponent(file.name)}`, { body: file }));
  }
}

/** Let the reader choose a file. */
export function chooseFile() {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.addEventListener("change", () => openFiles(input.files ?? []));
  input.click();
}

/** Open one of the files that wait.
 * @param {number} index */
export const openWaiting = (index) => run(post(`/api/waiting/${index}/open`));

/** @param {string} job */
export async function forgetAnswer(job) {
  await run(remove(`/api/answers/${encodeURIComponent(job)}`));
  change({ forgetting: null });
}

/** @param {string} password */
export const unlock = (password) => run(post("/api/open", { password }));
export const closeDocument = () => run(post("/api/close"));

/** End the program; the page says so at once, the program may still be tidying up. */
export async function quit() {
  if (await run(post("/api/quit"))) apply("ended", {});
}

/** Read, or read again, with other settings.
 * @param {any} settings */
export const read = (settings) => run(post("/api/reading", settings));
export const stopReading = () => run(remove("/api/jobs/reading"));

/** @param {string} job */
export const stopJob = (job) => run(remove(`/api/jobs/${encodeURIComponent(job)}`));

/** Stop what is running: the newest answer, else the reading. Return whether there was something. */
export function stopAnything() {
  const running = store.state.jobs.findLast((job) => job.state === "running");
  if (running) stopJob(running.job);
  else if (isReading(store.state)) stopReading();
  else return false;
  return true;
}

/** @param {any} settings */
export const summarize = (settings) => run(post("/api/summaries", settings));

/** @param {string} question @param {boolean | null} verbatim */
export const ask = (question, verbatim) =>
  run(post("/api/questions", verbatim === null ? { question } : { question, verbatim }));

/** Ask or summarize once more, as before.
 * @param {import("./types.js").Job} job */
export function askAgain(job) {
  const { words: length, style, focus, verbatim } = job.settings ?? {};
  if (job.kind === "question") return ask(job.question ?? "", verbatim ?? null);
  return summarize({ words: length, style, focus, verbatim });
}

export async function loadLibrary() {
  const library = await run(get("/api/library"));
  if (library) change({ library });
}

export async function loadModels() {
  const answer = await run(get("/api/models"));
  if (answer) change({ models: answer.models });
}

/** Plan the memory of a model for the open document.
 * @param {string} model */
export async function loadPlan(model) {
  const plan = await run(get(`/api/plan?model=${encodeURIComponent(model)}`));
  if (plan) change({ plans: { ...store.ui.plans, [model]: plan } });
}

export async function loadOutline() {
  const answer = await run(get("/api/outline"));
  if (answer) change({ outline: answer.items });
}

/** @param {string} id */
export async function openFromLibrary(id) {
  change({ dialog: null });
  await run(post(`/api/library/${encodeURIComponent(id)}/open`));
}

/** @param {string} id */
export async function forget(id) {
  await run(remove(`/api/library/${encodeURIComponent(id)}`));
  change({ forgetting: null });
  await loadLibrary();
}

/** @param {string} name */
export const pull = (name) => run(post(`/api/models/${encodeURIComponent(name)}/pull`));

/** @param {string} name */
export const stopPull = (name) => run(remove(`/api/models/${encodeURIComponent(name)}/pull`));

/** Save the answers as a file.
 * @param {"markdown" | "word"} format */
export async function save(format) {
  const reply = await run(send("GET", `/api/export?format=${format}`));
  if (!reply) return;
  const named = /filename="?([^";]+)"?/.exec(reply.headers.get("content-disposition") ?? "");
  const stem = (store.state.document?.name ?? words.app).replace(/\.[^.]+$/, "");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await reply.blob());
  link.download = named?.[1] ?? `${stem}.${format === "word" ? "docx" : "md"}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
