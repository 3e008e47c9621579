import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { RipcordError } from '../core/errors.ts';
import type { Configured } from './local-host.ts';

/** What a root was made for; for a new one what is asked for, else the embedded defaults. */
export function chooseConfigured(root: string, asked: Partial<Configured>): Configured {
  const made = readMade(root);
  const runtime = made?.runtime ?? asked.runtime ?? 'process';
  const host = made?.host ?? asked.host ?? 'render';
  for (const [what, is, wanted] of [
    ['runtime', runtime, asked.runtime],
    ['host', host, asked.host],
  ] as const)
    if (wanted !== undefined && wanted !== is)
      throw new RipcordError(
        'RIPCORD_USAGE_INVALID',
        `cannot use ${what} ${wanted}: this root was made for ${is}`,
        { hint: `leave out --${what}, or use another --root` },
      );
  if (host !== 'render')
    throw new RipcordError('RIPCORD_COMMAND_LATER', `cannot use host ${host}: it comes later`, {
      hint: 'use --host render',
    });
  return { runtime, host };
}

function readMade(root: string): Partial<Configured> | null {
  let text: string;
  try {
    text = readFileSync(join(root, 'ripcord.json'), 'utf8');
  } catch {
    return null;
  }
  try {
    return JSON.parse(text) as Partial<Configured>;
  } catch {
    // What is wrong with it is the journal's to say when it is opened.
    return null;
  }
}
