import { onBeforeUnmount, onMounted } from "vue";
import { onBeforeRouteLeave, onBeforeRouteUpdate } from "vue-router";

import { useWords } from "../../i18n";
import { confirmAction } from "../../ui/feedback";

/** Ask before a page with unsaved changes is left, by our own links or by the browser. */
export function useLeaveGuard(dirty: () => boolean): void {
  const { t } = useWords();

  async function mayLeave(): Promise<boolean> {
    if (!dirty()) return true;
    return confirmAction({ title: t("form.leaveTitle"), text: t("form.leaveText"), yes: t("form.leaveYes"), danger: true });
  }

  function onUnload(event: BeforeUnloadEvent): void {
    if (dirty()) event.preventDefault(); // the browser then asks in its own words
  }

  onBeforeRouteLeave(mayLeave);
  onBeforeRouteUpdate((to, from) => (to.path === from.path ? true : mayLeave()));
  onMounted(() => addEventListener("beforeunload", onUnload));
  onBeforeUnmount(() => removeEventListener("beforeunload", onUnload));
}
