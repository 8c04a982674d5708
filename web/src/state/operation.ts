import { readonly, ref, shallowRef, type Ref } from "vue";

import { failureOf } from "../api/failing";
import type { Failure } from "../i18n/failure";
import { notifySuccess } from "../ui/feedback";

export interface OperationOptions<Result> {
  /** What to say when it worked; shown and read out for a moment. */
  readonly success?: (result: Result) => string;
}

export interface Operation<Args extends readonly unknown[], Result> {
  /** Carry it out; null when it failed, or when it is being carried out already. */
  readonly run: (...args: Args) => Promise<Result | null>;
  readonly pending: Readonly<Ref<boolean>>;
  /** Why the last try failed; it stays until the next try or `forget`. */
  readonly failure: Readonly<Ref<Failure | null>>;
  /** Whether the last try succeeded. */
  readonly done: Readonly<Ref<boolean>>;
  readonly forget: () => void;
}

/** Something that a person starts: pending while it lasts, then done, or failed with the reason. It never throws.
 * Show `failure` in the place of the action (`FailureNote`), and `pending` on its button. */
export function useOperation<Args extends readonly unknown[], Result>(
  action: (...args: Args) => Promise<Result>,
  options: OperationOptions<Result> = {},
): Operation<Args, Result> {
  const pending = ref(false);
  const failure = shallowRef<Failure | null>(null);
  const done = ref(false);

  const forget = () => {
    failure.value = null;
    done.value = false;
  };

  async function run(...args: Args): Promise<Result | null> {
    if (pending.value) return null;
    forget();
    pending.value = true;
    try {
      const result = await action(...args);
      done.value = true;
      if (options.success) notifySuccess(options.success(result));
      return result;
    } catch (error) {
      failure.value = failureOf(error);
      return null;
    } finally {
      pending.value = false;
    }
  }

  return { run, pending: readonly(pending), failure, done: readonly(done), forget };
}
