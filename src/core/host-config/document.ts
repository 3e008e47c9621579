import { canonical, type Json, type JsonObject } from '../json.ts';

/** Whose the steps, refusals and lane of the device itself are; no chute can be called this. */
export const HOST = '@host';

/**
 * A host configuration as it is compared and stored: the keys that people write, every default filled
 * in, secrets under their marks. The paths of patches go into this.
 */
export type HostDocument = JsonObject;

/** What a host is configured to that nobody has configured. */
export const DEFAULT_DOCUMENT: HostDocument = {
  defaults: {},
  firewall: { defaults: {}, rules: [] },
  lan: { interfaces: [], proto: 'static' },
  retention: {},
  system: {
    allowMonitorMode: false,
    allowUnpinnedDownloads: false,
    chutePrefixSize: 24,
    chuteSubnetPool: 'auto',
    onMissingWiFi: 'warn',
  },
  telemetry: { enabled: false },
  trust: [],
  'vlan-interfaces': [],
  wan: { proto: 'dhcp' },
  wifi: [],
  'wifi-interfaces': [],
  zerotier: { enabled: false, networks: [] },
};

/** The sections of a host configuration. */
export const SECTIONS: readonly string[] = Object.keys(DEFAULT_DOCUMENT);

/** Sections that no definition of a chute has; `firewall` both have. */
const TELLING = SECTIONS.filter((each) => each !== 'firewall');

/** What makes a file a chute's definition or an update object, whatever else is in it. */
const OTHERWISE = ['services', 'name', 'config', 'updateClass', 'updateType'];

/**
 * Whether a file is a host configuration: it says `kind: host`, or has a section that only a host has
 * and nothing that only a chute or an update object has. Pure.
 */
export function isHostDocument(document: JsonObject): boolean {
  if (document['kind'] === 'host') return true;
  if (OTHERWISE.some((key) => Object.hasOwn(document, key))) return false;
  return TELLING.some((key) => Object.hasOwn(document, key));
}

/** The document with what it does not say as it is by default, keys in order. Pure. */
export function withDefaults(document: JsonObject): HostDocument {
  return sorted(merged(DEFAULT_DOCUMENT, document)) as HostDocument;
}

/** The document that a stored one stands for; nothing is stored where all is by default. Pure. */
export function documentOf(stored: HostDocument | undefined): HostDocument {
  return stored ?? DEFAULT_DOCUMENT;
}

/** What is stored of a document: nothing where all is by default, said or not. Pure. */
export function storedOf(document: HostDocument): HostDocument | undefined {
  return canonical(document) === canonical(DEFAULT_DOCUMENT) ? undefined : document;
}

function merged(base: JsonObject, over: JsonObject): JsonObject {
  const entries = Object.entries(over).map(([key, value]) => {
    const under = Object.hasOwn(base, key) ? base[key] : undefined;
    return [key, isMap(under) && isMap(value) ? merged(under, value) : value] as const;
  });
  return { ...base, ...Object.fromEntries(entries) };
}

/** A text, a number or true or false as a text; empty for anything else. Pure. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}

/** A map of fields; a secret's mark is a value. */
export const isMap = (value: Json | undefined): value is JsonObject =>
  value !== null &&
  typeof value === 'object' &&
  !Array.isArray(value) &&
  !Object.hasOwn(value, '$secret');

const sorted = (value: Json): Json => JSON.parse(canonical(value)) as Json;

/** How an entry of `wifi` says which radio it is about. */
export const RADIO_NAMES: readonly string[] = ['id', 'macaddr', 'mac', 'phy', 'interface'];

/** A section that is a map; empty where it is none. Pure. */
export function section(document: HostDocument, name: string): JsonObject {
  const found = document[name];
  return isMap(found) ? found : {};
}

/** A section that is a list of maps. Pure. */
export function items(document: HostDocument, name: string): readonly JsonObject[] {
  const found = document[name];
  return Array.isArray(found) ? (found as readonly Json[]).filter(isMap) : [];
}
