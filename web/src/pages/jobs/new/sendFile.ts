import { ApiError, FROM_CONSOLE, problemOf } from "../../../api/client";
import type { Upload } from "../../../api/jobs";
import { i18n } from "../../../i18n";

export interface Sending {
  /** Bytes that are on their way or there. */
  readonly progress: (sentBytes: number) => void;
  readonly signal: AbortSignal;
}

/** Upload one file. `fetch` can't tell how far an upload is, so this is the older way.
 *
 * @throws ApiError
 */
export function sendFile(file: File, { progress, signal }: Sending): Promise<Upload> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1/jobs/uploads?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Accept-Language", i18n.global.locale.value);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    for (const [name, value] of Object.entries(FROM_CONSOLE)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => progress(event.loaded);
    request.onload = () => void answerOf(request).then(resolve, reject);
    request.onerror = () => reject(new ApiError("network", 0, "", ""));
    request.onabort = () => reject(new ApiError("aborted", 0, "", ""));
    signal.addEventListener("abort", () => request.abort());
    if (signal.aborted) reject(new ApiError("aborted", 0, "", ""));
    else request.send(file);
  });
}

async function answerOf(request: XMLHttpRequest): Promise<Upload> {
  if (request.status >= 200 && request.status < 300) {
    try {
      return JSON.parse(request.responseText) as Upload;
    } catch (error) {
      throw new ApiError("http", request.status, "", "", String(error));
    }
  }
  const { status, statusText } = request;
  const requestId = request.getResponseHeader("X-Request-ID");
  throw await problemOf(new Response(request.responseText, { status, statusText, headers: requestId ? { "X-Request-ID": requestId } : {} }));
}
