/** What a person has typed on the way to a new camera, and what the server is asked for then. Pure. */
import type { OnvifStream, SourceSpec } from "../../api/types";
import type { WordKey } from "../../i18n/words";
import { hostOf, networkFinding, pathFinding, type Finding } from "./address";
import { isId, RESERVED } from "./slug";

export const KINDS = ["network", "onvif", "device", "file", "demo"] as const;
export type Kind = (typeof KINDS)[number];
export type Act = "boxes" | "hide" | "pass";
export type RecordMode = "off" | "events" | "continuous";

export interface Draft {
  kind: Kind;
  url: string;
  username: string;
  password: string;
  transport: "auto" | "udp";
  /** The stream chosen among those that a search found, and its camera's name. */
  stream: OnvifStream | null;
  streamOf: string;
  /** A smaller stream of the same camera for detection. */
  subStream: OnvifStream | null;
  device: string;
  deviceName: string;
  /** `width×height` of the device's picture; empty for what it prefers. */
  size: string;
  path: string;
  loop: boolean;
  demo: "demo:" | "synthetic:";
  /** Null while nobody typed one: then it is made from the source. */
  name: string | null;
  /** Null while nobody typed one: then it is made from the name. */
  id: string | null;
  act: Act;
  record: RecordMode;
}

/** The fields that something can be wrong with. */
export type Field = "url" | "username" | "password" | "stream" | "device" | "path" | "demo" | "name" | "id" | "act" | "record";

export function newDraft(kind: Kind): Draft {
  return {
    kind,
    url: "",
    username: "",
    password: "",
    transport: "auto",
    stream: null,
    streamOf: "",
    subStream: null,
    device: "",
    deviceName: "",
    size: "",
    path: "",
    loop: true,
    demo: "demo:",
    name: null,
    id: null,
    act: "boxes",
    record: "off",
  };
}

/** The field that says where the pictures come from. */
export function addressField(kind: Kind): Field {
  const fields = { network: "url", onvif: "stream", device: "device", file: "path", demo: "demo" } as const;
  return fields[kind];
}

/** The address that the draft means; empty while it means none. */
export function addressOfDraft(draft: Draft): string {
  const addresses = { network: draft.url, onvif: draft.stream?.url ?? "", device: draft.device, file: draft.path, demo: draft.demo };
  return addresses[draft.kind].trim();
}

/** The source as the server takes it; only what was chosen. */
export function sourceOf(draft: Draft): Partial<SourceSpec> & { url: string } {
  const source: Partial<SourceSpec> & { url: string } = { url: addressOfDraft(draft) };
  const asksForUser = draft.kind === "network" || draft.kind === "onvif";
  if (asksForUser && draft.username) {
    source.username = draft.username;
    source.password = draft.password;
  }
  if (draft.kind === "network" && draft.transport !== "auto" && /^rtsps?:/i.test(source.url)) source.transport = draft.transport;
  if (draft.kind === "file" && !draft.loop) source.loop = false;
  const size = /^(\d+)×(\d+)$/.exec(draft.size);
  if (draft.kind === "device" && size) {
    source.width_px = Number(size[1]);
    source.height_px = Number(size[2]);
  }
  return source;
}

/** The camera as the server takes it. Without an id it finds one itself. */
export function cameraOf(draft: Draft, name: string): Record<string, unknown> {
  return {
    ...(draft.id === null ? {} : { id: draft.id }),
    name,
    source: sourceOf(draft),
    ...subSourceOf(draft),
    ...(draft.act === "boxes" ? {} : { act: { kind: draft.act } }),
    ...(draft.record === "off" ? {} : { record: { mode: draft.record } }),
  };
}

/** Where faces are hidden, every output comes from the main stream: a second one would be of no use. */
function subSourceOf(draft: Draft): { sub_source?: Partial<SourceSpec> & { url: string } } {
  if (draft.kind !== "onvif" || !draft.subStream || draft.act === "hide") return {};
  return { sub_source: { ...sourceOf(draft), url: draft.subStream.url } };
}

/** What a camera with this source may be called; `{ host }` when only its place is known. */
export function suggestedName(draft: Draft): { text: string } | { host: string } | null {
  switch (draft.kind) {
    case "network": {
      const host = hostOf(draft.url);
      return host ? { host } : null;
    }
    case "onvif":
      return draft.stream ? { text: draft.streamOf } : null;
    case "device":
      return draft.device ? { text: draft.deviceName } : null;
    case "file": {
      const file = draft.path.trim().replace(/[/\\]+$/, "").split(/[/\\]/).at(-1) ?? "";
      return file ? { text: file.replace(/\.\w{1,5}$/, "").replace(/^\w{2,}:/, "") } : null;
    }
    case "demo":
      return { text: draft.demo === "demo:" ? "Demo" : "Test" };
  }
}

const MISSING: Readonly<Record<Kind, WordKey>> = {
  network: "add.check.required",
  onvif: "add.check.chooseStream",
  device: "add.check.chooseDevice",
  file: "add.check.required",
  demo: "add.check.required",
};

/** What is wrong with the source as far as one can see without asking; null when it may be tried. */
export function sourceFinding(draft: Draft): Finding | null {
  if (addressOfDraft(draft) === "") return { word: MISSING[draft.kind] };
  if (draft.kind === "network") return networkFinding(draft.url);
  return draft.kind === "file" ? pathFinding(draft.path) : null;
}

/** What is wrong with an id that was typed. `nameOf` tells whose it is already. */
export function idFinding(id: string, nameOf: (id: string) => string | undefined): Finding | null {
  if (!isId(id)) return { word: "add.check.id" };
  if (RESERVED.has(id)) return { word: "add.check.idReserved" };
  const name = nameOf(id);
  return name === undefined ? null : { word: "add.check.idTaken", values: { name } };
}

/** The field that a setting of the server stands in; null when the page has none for it. */
export function fieldOf(key: string, kind: Kind): Field | null {
  const [first = "", second = ""] = key.split(/[.[]/);
  if (first === "source") return second === "username" || second === "password" ? second : addressField(kind);
  return first === "name" || first === "id" || first === "act" || first === "record" ? first : null;
}

/** Codes of failures that are about one field; all others stand beside the button. */
export function fieldOfCode(code: string, kind: Kind): Field | null {
  if (code === "camera.exists") return "id";
  if (code === "source.unauthorized") return kind === "network" || kind === "onvif" ? "password" : null;
  const aboutAddress = ["source.bad_address", "source.not_found", "source.unreachable", "source.device_missing"];
  return aboutAddress.includes(code) ? addressField(kind) : null;
}
