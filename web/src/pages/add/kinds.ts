import type { IconName } from "../../components/icons";
import type { WordKey } from "../../i18n/words";
import type { Kind } from "./draft";

export interface KindWords {
  readonly title: WordKey;
  readonly hint: WordKey;
  readonly icon: IconName;
}

export const KIND_WORDS: Readonly<Record<Kind, KindWords>> = {
  network: { title: "add.kind.network", hint: "add.kind.networkHint", icon: "network" },
  onvif: { title: "add.kind.onvif", hint: "add.kind.onvifHint", icon: "search" },
  device: { title: "add.kind.device", hint: "add.kind.deviceHint", icon: "usb" },
  file: { title: "add.kind.file", hint: "add.kind.fileHint", icon: "file" },
  demo: { title: "add.kind.demo", hint: "add.kind.demoHint", icon: "demo" },
};
