/** A choice of the viewer in this browser; null if there is none, or storage is switched off. */
export function readStored(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch (_blocked) {
    return null
  }
}

/** Keeps a choice for the next visit. */
export function writeStored(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch (_blocked) {
    // Storage is switched off, so the choice holds until the page is closed.
  }
}
