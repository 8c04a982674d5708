/** What administrators do with accounts. */
import { ref } from "vue";

import type { ScopeSpec, Role, User } from "../../api/access";
import { sendJson } from "../../api/client";
import { useWords } from "../../i18n";
import { useOperation } from "../../state/operation";
import { confirmAction } from "../../ui/feedback";

export const USERS = "/api/v1/users";
export const userPath = (user: User, part = "") => `${USERS}/${encodeURIComponent(user.id)}${part}`;

export interface NewUser extends ScopeSpec {
  readonly name: string;
  readonly password: string;
  readonly role: Role;
}

/** Disabling and deleting, asked for first. `changed` is called when the list has to be read anew. */
export function useUserDoings(changed: () => Promise<void>) {
  const { t } = useWords();
  /** Whose action it was that failed. */
  const about = ref("");

  const switching = useOperation((user: User) => sendJson<User>("PATCH", userPath(user), { disabled: !user.disabled }), {
    success: ({ body: { disabled, name } }) => t(disabled ? "users.disabledDone" : "users.enabledDone", { name }),
  });
  const deleting = useOperation(
    async (user: User) => {
      await sendJson("DELETE", userPath(user));
      return user;
    },
    { success: ({ name }) => t("users.deletedDone", { name }) },
  );

  const freeing = useOperation(
    async (user: User) => {
      await sendJson("DELETE", userPath(user, "/totp"));
      return user;
    },
    { success: ({ name }) => t("users.factorDone", { name }) },
  );

  async function removeFactor(user: User): Promise<void> {
    if (!(await confirmAction({ title: t("users.factorAsk", { name: user.name }), text: t("users.factorText"), yes: t("users.factorOff"), danger: true }))) return;
    begin(user);
    await freeing.run(user);
    await changed();
  }

  async function switchUser(user: User): Promise<void> {
    const asked = { title: t("users.disableAsk", { name: user.name }), text: t("users.disableText"), yes: t("users.disable"), danger: true };
    if (!user.disabled && !(await confirmAction(asked))) return;
    begin(user);
    await switching.run(user);
    await changed();
  }

  async function deleteUser(user: User): Promise<void> {
    const asked = { title: t("users.deleteAsk", { name: user.name }), text: t("users.deleteText"), yes: t("users.delete"), danger: true };
    if (!(await confirmAction(asked))) return;
    begin(user);
    await deleting.run(user);
    await changed();
  }

  function begin(user: User): void {
    about.value = user.id;
    switching.forget();
    deleting.forget();
    freeing.forget();
  }

  const failureOf = (user: User) => (about.value === user.id ? (switching.failure.value ?? deleting.failure.value ?? freeing.failure.value) : null);
  return { switchUser, deleteUser, removeFactor, failureOf, busy: () => switching.pending.value || deleting.pending.value || freeing.pending.value };
}
