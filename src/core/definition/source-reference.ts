import type { Report } from './complaint.ts';
import type { WrittenSource } from './written.ts';

/**
 * Where a definition says that a service's files are. A relative path is meant from the definition's
 * own directory. What is really there, and its digest, is found out while observing.
 */
export type SourceReference =
  | { readonly type: 'local'; readonly path: string; readonly sha256?: string }
  | { readonly type: 'archive'; readonly path: string; readonly sha256?: string }
  | {
      readonly type: 'http';
      readonly url: string;
      readonly sha256?: string;
      /** The sha256 is what was found there; the definition gives none. */
      readonly isFound?: true;
    }
  | { readonly type: 'git'; readonly url: string; readonly checkout?: string };

/** A source as it is written, made into a reference; null when a complaint was made. Pure. */
export function sourceReference(
  written: WrittenSource,
  path: string,
  report: Report,
): SourceReference | null {
  if (typeof written === 'string') return fromText(written, path, report, {});
  const { url, path: place, type, sha256, checkout } = written;
  if ((url === undefined) === (place === undefined)) {
    const message = url === undefined ? 'names neither a path nor a url' : 'names a path and a url';
    report.complain('source-invalid', path, message, { hint: 'write exactly one of path and url' });
    return null;
  }
  if (sha256 !== undefined && !/^(?:sha256:)?[0-9a-f]{64}$/i.test(sha256)) {
    report.complain('source-invalid', `${path}/sha256`, 'must be 64 hexadecimal digits');
    return null;
  }
  const given = {
    ...(type === undefined ? {} : { type }),
    ...(sha256 === undefined ? {} : { sha256: sha256.toLowerCase().replace(/^sha256:/, '') }),
    ...(checkout === undefined ? {} : { checkout: String(checkout) }),
  };
  const key = url === undefined ? 'path' : 'url';
  return fromText(url ?? place ?? '', `${path}/${key}`, report, given, path);
}

type Given = { readonly type?: SourceReference['type']; sha256?: string; checkout?: string };

function fromText(
  text: string,
  path: string,
  report: Report,
  given: Given,
  whole = path,
): SourceReference | null {
  const complain = (message: string, hint: string | null = null): null => {
    report.complain('source-invalid', path, message, { hint });
    return null;
  };
  if (text === '' || text.includes('\0')) return complain('must be a path or a url');
  const found = reference(text, path, report);
  if (found === null) return null;
  const type = given.type ?? found.type;
  if (type !== found.type && !isReadableAs(found.type, type)) {
    return complain(`is not what a source of type ${type} can be: ${text}`);
  }
  if (given.checkout !== undefined && type !== 'git') {
    report.complain('source-invalid', `${whole}/checkout`, 'is for git sources only');
    return null;
  }
  if (given.sha256 !== undefined && type === 'git') {
    report.complain('source-invalid', `${whole}/sha256`, 'is not for git sources', {
      hint: 'pin the commit with checkout',
    });
    return null;
  }
  const sha256 = given.sha256 === undefined ? {} : { sha256: given.sha256 };
  const checkout = given.checkout === undefined ? {} : { checkout: given.checkout };
  const place = 'path' in found ? found.path : found.url;
  if (type === 'local' || type === 'archive') return { type, path: place, ...sha256 };
  if (type === 'http') return { type, url: place, ...sha256 };
  return { type, url: place, ...checkout };
}

/** Whether what looks like one type may be meant as another: a written type decides. */
function isReadableAs(found: SourceReference['type'], type: SourceReference['type']): boolean {
  const paths = found === 'local' || found === 'archive';
  if (type === 'git') return true;
  return paths ? type === 'local' || type === 'archive' : found === 'git' && type === 'http';
}

function reference(text: string, path: string, report: Report): SourceReference | null {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === 'file') {
    const place = decode(text.slice(5).replace(/^\/\/(?=\/)/, ''));
    if (place?.startsWith('/') === true) return pathReference(place, path, report);
    report.complain('source-invalid', path, `is not a file url with an absolute path: ${text}`);
    return null;
  }
  if (/^[\w.-]+@[\w.-]+:/.test(text)) return { type: 'git', url: text };
  if (scheme === undefined) return pathReference(text, path, report);
  const url = text.replace(/^git\+/i, '');
  if (/^[a-z+]+:\/\/[^/@]*:[^/@]*@/i.test(url)) {
    report.complain('source-invalid', path, 'holds a password', {
      hint: 'a definition is journaled: leave the password out of it',
    });
    return null;
  }
  if (['git', 'ssh', 'git+ssh', 'git+http', 'git+https'].includes(scheme)) {
    return { type: 'git', url };
  }
  if (scheme !== 'http' && scheme !== 'https') {
    report.complain('source-invalid', path, `names a scheme that is not known: ${scheme}`, {
      hint: 'known: file, http, https, git, ssh',
    });
    return null;
  }
  if (!/^https?:\/\/[^/\s?#]+[^\s]*$/i.test(url)) {
    report.complain('source-invalid', path, `is not a url: ${text}`);
    return null;
  }
  const isGit = /^https?:\/\/github\.com\/[^/]+\/[^/?#]+\/?$/i.test(url) || /\.git\/?$/.test(url);
  return { type: isGit ? 'git' : 'http', url };
}

function pathReference(text: string, path: string, report: Report): SourceReference | null {
  const place = normalPath(text);
  if (place === null) {
    report.complain('path-outside', path, `leads outside: ${text}`, {
      hint: 'a source lies in the directory of its definition, or is named by an absolute path',
    });
    return null;
  }
  const type = /\.(?:tar|tgz|tar\.gz)$/i.test(place) ? 'archive' : 'local';
  return { type, path: place };
}

/** Whether a reference says by itself which content it means: nothing else is taken for it. Pure. */
export function isPinned(source: SourceReference): boolean {
  if (source.type === 'http' && source.isFound) return false;
  if (source.type !== 'git') return source.sha256 !== undefined;
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(source.checkout ?? '');
}

/** A path without `.`, `//` and inner `..`; null when `..` leads out of where it starts. Pure. */
export function normalPath(text: string): string | null {
  const parts: string[] = [];
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  const absolute = text.startsWith('/');
  return absolute ? `/${parts.join('/')}` : parts.join('/') || '.';
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
