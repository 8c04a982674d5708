/** What the console says in passing, and what it asks before it acts. Any code may call; `Toasts` and `ConfirmDialog` of the
 * shell show it. */
import { shallowRef } from "vue";

import type { Failure } from "../i18n/failure";

export interface Toast {
  readonly id: number;
  readonly tone: "good" | "bad";
  readonly text: string;
  readonly failure: Failure | null;
}

export interface Question {
  readonly title: string;
  readonly text: string;
  /** The word on the button that does it, such as "Delete". */
  readonly yes: string;
  /** It can't be undone: the button says so by its colour. */
  readonly danger?: boolean;
}

export interface AskedQuestion extends Question {
  readonly id: number;
  readonly answer: (yes: boolean) => void;
}

const GOOD_STAYS_MS = 4_500;
/** A reason and a hint take longer to read. */
const BAD_STAYS_MS = 12_000;
const MOST = 4;

export const toasts = shallowRef<readonly Toast[]>([]);
export const question = shallowRef<AskedQuestion | null>(null);

let lastId = 0;

export function notifySuccess(text: string): void {
  show({ tone: "good", text, failure: null }, GOOD_STAYS_MS);
}

/** Say that something failed where no place of its own can show it (else use `FailureNote`). */
export function notifyFailure(failure: Failure | string): void {
  if (typeof failure === "string") show({ tone: "bad", text: failure, failure: null }, BAD_STAYS_MS);
  else show({ tone: "bad", text: failure.title, failure }, BAD_STAYS_MS);
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

function show(toast: Omit<Toast, "id">, staysMs: number): void {
  lastId += 1;
  const id = lastId;
  toasts.value = [...toasts.value, { ...toast, id }].slice(-MOST);
  setTimeout(() => dismiss(id), staysMs);
}

/** Ask before something that can't easily be undone. False when the reader closes the question. */
export function confirmAction(asked: Question): Promise<boolean> {
  question.value?.answer(false);
  return new Promise((resolve) => {
    const answer = (yes: boolean) => {
      if (question.value?.answer === answer) question.value = null;
      resolve(yes);
    };
    lastId += 1;
    question.value = { ...asked, id: lastId, answer };
  });
}
