// @ts-check
// Requests to the server: the token travels in a header and is held for this tab only.

const KEY = "longsum-token";
let token = sessionStorage.getItem(KEY);

/** An answer of the server that says no. */
export class ApiError extends Error {
  /** @param {number} status @param {any} body */
  constructor(status, body) {
    super(body?.message ?? "");
    this.status = status;
    this.kind = body?.error ?? "";
    this.hint = body?.hint ?? null;
  }
}

/** Send one request with the token.
 * @param {string} method @param {string} path
 * @param {{json?: any, body?: any, signal?: AbortSignal, headers?: any}} [options]
 * @returns {Promise<Response>} */
export async function send(method, path, { json, body, signal, headers } = {}) {
  const reply = await fetch(path, {
    method, signal,
    headers: { Authorization: `Bearer ${token}`, ...headers },
    body: json === undefined ? body : JSON.stringify(json),
  });
  if (!reply.ok) throw new ApiError(reply.status, await reply.json().catch(() => null));
  return reply;
}

/** @param {string} path @param {AbortSignal} [signal] */
export const get = async (path, signal) => (await send("GET", path, { signal })).json();

/** @param {string} path @param {any} [json] */
export const post = async (path, json = {}) => (await send("POST", path, { json })).json();

/** @param {string} path */
export const remove = (path) => send("DELETE", path);

/** Trade the code of the address for a token, and clean the address.
 * @returns {Promise<boolean>} whether this tab holds a token. */
export async function login() {
  const code = location.hash.slice(1);
  if (!code) return token !== null;
  history.replaceState(null, "", location.pathname);
  const reply = await fetch("/api/login", { method: "POST", body: JSON.stringify({ code }) });
  if (!reply.ok) return token !== null;
  token = (await reply.json()).token;
  sessionStorage.setItem(KEY, token ?? "");
  return true;
}

/** Take a step that may fail, and hand its message to `report`.
 * @template T @param {Promise<T>} step @param {(problem: {message: string, hint: string?}) => void} report
 * @param {string} fallback @returns {Promise<T | undefined>} */
export async function attempt(step, report, fallback) {
  try {
    return await step;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return undefined;
    const known = error instanceof ApiError;
    report({ message: (known && error.message) || fallback, hint: known ? error.hint : null });
    return undefined;
  }
}
