import type { ScopeSpec } from "../api/access";
import { useWords } from "../i18n";
import { camerasById } from "../state/store";
import { isWhole } from "./scope";

/** Says in a line what somebody is limited to, with the names of cameras. */
export function useScopeText(): (scope: ScopeSpec) => string {
  const { t, locale } = useWords();
  const join = (names: readonly string[]) => names.join(locale.value === "zh" ? "、" : ", ");
  return (scope) => {
    if (isWhole(scope)) return t("access.unlimited");
    const cameras = (scope.cameras ?? []).map((id) => camerasById.value.get(id)?.name ?? id);
    const parts = [
      ...(cameras.length > 0 ? [t("access.cameras", { names: join(cameras) })] : []),
      ...(scope.groups?.length ? [t("access.groups", { names: join(scope.groups) })] : []),
    ];
    return parts.length > 0 ? parts.join(" · ") : t("access.noCameras");
  };
}
