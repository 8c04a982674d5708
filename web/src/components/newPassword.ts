/** What is wrong with a new password before the server is asked, which knows the common ones too. Pure. */

export const LEAST_LETTERS = 12;

export type PasswordProblem = { readonly kind: "short"; readonly missing: number } | { readonly kind: "name" };

export function passwordProblem(password: string, name: string): PasswordProblem | null {
  const letters = [...password].length;
  if (letters < LEAST_LETTERS) return { kind: "short", missing: LEAST_LETTERS - letters };
  const same = name.trim() !== "" && password.normalize("NFKC").trim().toLowerCase() === name.normalize("NFKC").trim().toLowerCase();
  return same ? { kind: "name" } : null;
}
