import { HOST } from '../src/core/host-config/document.ts';
import { chutesIn, fileText, type HostFile } from '../src/core/host-file.ts';
import type { Json } from '../src/core/json.ts';

/** A file of the host's configuration in words; null for what is none. Pure. */
export function fileWords(value: Json): string | null {
  if (!isFile(value)) return null;
  const { sections } = value;
  const lines = fileText(sections).split('\n').length - 1;
  const whose = [...chutesIn(sections), ...(Object.hasOwn(sections, HOST) ? ['the host'] : [])];
  return `a file of ${lines} lines with parts of ${whose.join(', ')}`;
}

const isFile = (value: Json): value is Json & HostFile =>
  value !== null && typeof value === 'object' && 'sections' in value && 'service' in value;
