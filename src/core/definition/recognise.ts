import { isHostDocument } from '../host-config/document.ts';
import type { Json, JsonObject } from '../json.ts';
import { isObject } from './json-object.ts';
import { parseRequestValue } from './parse.ts';
import { readYaml } from './read-yaml.ts';
import { isUpdateObject } from './update-object.ts';

/** How the name of a file ends that may hold a definition. */
export const DEFINITION_ENDING: RegExp = /\.(?:ya?ml|json)$/;

/** Keys at the top of a file, one of which every definition, update object and host configuration has. */
const TELLING =
  /^["']?(?:services|updateClass|updateType|kind|type|use|command|config|source|download|dockerfile|external_image|defaults|firewall|lan|retention|system|telemetry|trust|vlan-interfaces|wan|wifi|wifi-interfaces|zerotier)["']?\s*:/m;

/** What a chute of one service is made of: a package of node has a name, a version and a type as well. */
const SINGLE = ['use', 'command', 'config', 'dockerfile', 'external_image', 'source', 'download'];
const TYPES: readonly (Json | undefined)[] = ['light', 'normal', 'image', 'inline'];

/**
 * Whether a text is a definition, an update object or a host configuration, by what it says: such a
 * text may hold secrets. One with mistakes still is when it is plain what it should be; a text that
 * could as well be something else is only when `apply` would take it, field by field. Pure; never
 * throws.
 */
export function isDefinitionText(text: string): boolean {
  const document = documentIn(text);
  if (document === null) return false;
  if (isUpdateObject(document) || document['kind'] === 'host') return true;
  const named = typeof document['name'] === 'string';
  if (isObject(document['services'])) return named || isTaken(document, false);
  if (isHostDocument(document)) return isTaken(document, true);
  if (named && TYPES.includes(document['type'])) return true;
  return SINGLE.some((key) => Object.hasOwn(document, key)) && isTaken(document, true);
}

/** The map of fields in a text; a YAML file of something else is not taken apart for it. */
function documentIn(text: string): JsonObject | null {
  const braces = text.trimStart().startsWith('{');
  if (!braces && !TELLING.test(text)) return null;
  const value = (braces ? json(text) : null) ?? readYaml(text, '').located.value;
  return isObject(value) ? value : null;
}

function json(text: string): Json | null {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

const secret = (): { $secret: string } => ({ $secret: '' });

function isTaken(document: JsonObject, strict: boolean): boolean {
  return parseRequestValue(document, { file: '', secret, strict, fallbackName: 'chute' }).ok;
}
