// @ts-check
// Small choices of the reader that outlive the page: theme, splitter, zoom. Never anything of a document.

const PREFIX = "longsum-";

/** Return what was remembered under a name, or what holds before.
 * @template T @param {string} name @param {T} otherwise @returns {T} */
export function remembered(name, otherwise) {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

/** Remember a choice; a browser that stores nothing forgets it.
 * @param {string} name @param {any} value */
export function remember(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    return;
  }
}
