const REVOKE_AFTER_MS = 60_000;

/** Hand a file to the reader, as a download. */
export function saveAs(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  // Browsers read it after the click; when they are done is not told.
  setTimeout(() => URL.revokeObjectURL(url), REVOKE_AFTER_MS);
}
