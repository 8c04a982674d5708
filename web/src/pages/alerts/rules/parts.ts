import { computed, type Ref, type WritableComputedRef } from "vue";

/** Single values of a thing that is changed as a whole: each writes a copy with itself replaced. */
export function useParts<Whole extends object>(whole: Ref<Whole>) {
  function part<Name extends keyof Whole>(name: Name): WritableComputedRef<Whole[Name]> {
    return computed({
      get: () => whole.value[name],
      set: (value) => {
        whole.value = { ...whole.value, [name]: value };
      },
    });
  }
  return { part };
}
