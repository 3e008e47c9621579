import { tmpdir } from 'node:os';

import { exec } from '../../drivers/exec.ts';
import { findTool } from '../../drivers/host-capabilities.ts';
import { type Finding, found } from './finding.ts';

const TOOL_MS = 5000;
const OUTPUT_BYTES_MAX = 16_384;

type Tool = {
  /** How it is asked for its version. */
  readonly ask: string;
  readonly verdict: 'odd' | 'bad';
  readonly lacking: string;
};

const TOOLS: Readonly<Record<string, Tool>> = {
  nft: {
    ask: '--version',
    verdict: 'bad',
    lacking: 'firewall rules are written unchecked and cannot be loaded here',
  },
  ip: {
    ask: '-V',
    verdict: 'bad',
    lacking: 'interfaces that are written cannot be brought up here',
  },
  dnsmasq: {
    ask: '--version',
    verdict: 'bad',
    lacking: 'dhcp and dns are written unchecked and cannot be served here',
  },
  hostapd: {
    ask: '-v',
    verdict: 'bad',
    lacking: 'access points are written and cannot be brought up here',
  },
  iw: {
    ask: '--version',
    verdict: 'odd',
    lacking: 'what radios are capable of cannot be told',
  },
  git: {
    ask: '--version',
    verdict: 'bad',
    lacking: 'chutes with a source of type git are refused',
  },
  docker: { ask: '--version', verdict: 'odd', lacking: 'services run as processes of this host' },
};

/** The tools that drivers call, each with its version or with what its absence means. */
export async function lookAtTools(): Promise<readonly Finding[]> {
  const tools = found('tools');
  const looked = await Promise.all(
    Object.entries(TOOLS).map(async ([name, tool]) => ({
      name,
      tool,
      version: await ask(name, tool),
    })),
  );
  const there = looked.filter(({ version }) => version !== null);
  if (there.length > 0)
    tools.good(there.map(({ name, version }) => `${name} ${version}`.trim()).join(', '));
  for (const { name, tool, version } of looked)
    if (version === null) tools[tool.verdict](`${name} is not installed: ${tool.lacking}`);
  return tools.findings;
}

/** The version of a tool, empty when it tells none; null when it is not installed. */
async function ask(name: string, { ask: argument }: Tool): Promise<string | null> {
  const path = findTool(name);
  if (path === null) return null;
  const { output } = await exec({
    argv: [path, argument],
    directory: tmpdir(),
    environment: { LANG: 'C' },
    timeoutMs: TOOL_MS,
    outputBytesMax: OUTPUT_BYTES_MAX,
    signal: new AbortController().signal,
  });
  return /\d+(\.\d+)+/.exec(output)?.[0] ?? '';
}
