/** Words for failures, by their public code. Generated from `popcam.core.errors`, so that a switch of language also
 * changes what the server said before. */
import errors from "./errors.json";
import type { LanguageCode } from "./language";

export interface FailureWords {
  readonly title: string;
  readonly hint: string;
}

/** A failure as pages show it: one of the server, of a camera, or of the way between. */
export interface Failure extends FailureWords {
  readonly code: string;
  readonly detail: string;
}

const BY_CODE: Readonly<Record<string, Readonly<Record<LanguageCode, FailureWords>>>> = errors;

/** Title and hint of a failure; what the server said stands in for a code of a newer server. */
export function wordsOfFailure(code: string, language: LanguageCode, told: FailureWords): FailureWords {
  return BY_CODE[code]?.[language] ?? told;
}
