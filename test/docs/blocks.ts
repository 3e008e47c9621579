/** A fenced block of a Markdown file. */
export type Block = {
  /** `sh` is run; `console` is run too, and what it prints has to be what is shown. */
  readonly language: string;
  readonly lines: readonly string[];
  /** The number of its first line in the file. */
  readonly line: number;
};

/** A command as it is shown, with what a comment behind it promises: `# exit 4`, `# → text`. */
export type Shown = {
  readonly command: string;
  readonly exit: number;
  /** What it has to print, among other things. */
  readonly says: string;
  readonly line: number;
  /** What is shown below it; only in `console` blocks. */
  readonly output: readonly string[];
};

/** The fenced blocks of a text that are written in one of `languages`. Pure. */
export function blocksOf(markdown: string, languages: readonly string[]): readonly Block[] {
  const blocks: Block[] = [];
  let open: { language: string; lines: string[]; line: number } | null = null;
  markdown.split('\n').forEach((text, at) => {
    const [, language] = /^ *```(\w*)/.exec(text) ?? [];
    if (language === undefined) open?.lines.push(text.trim() === '' ? '' : text);
    else if (open === null) open = { language, lines: [], line: at + 2 };
    else {
      if (languages.includes(open.language)) blocks.push(open);
      open = null;
    }
  });
  return blocks;
}

/** The commands of a block. Lines that end in a backslash go on; comments are left out. Pure. */
export function commandsOf(block: Block): readonly Shown[] {
  return block.language === 'console' ? transcriptOf(block) : scriptOf(block);
}

function scriptOf({ lines, line }: Block): readonly Shown[] {
  const shown: Shown[] = [];
  let begun = '';
  lines.forEach((text, at) => {
    if (begun === '' && /^\s*(#|$)/.test(text)) return;
    begun += `${text}\n`;
    if (text.endsWith('\\')) return;
    const exit = Number(/# exit (\d+)/.exec(begun)?.[1] ?? 0);
    const says = /# → (.*)/.exec(begun)?.[1]?.trim() ?? '';
    shown.push({ command: begun.trim(), exit, says, line: line + at, output: [] });
    begun = '';
  });
  return shown;
}

function transcriptOf({ lines, line }: Block): readonly Shown[] {
  const shown: (Shown & { output: string[] })[] = [];
  lines.forEach((text, at) => {
    if (text.startsWith('$ ')) {
      const exit = text.includes('RIPCORD_FAULT=kill@') ? KILLED : 0;
      shown.push({ command: text.slice(2), exit, says: '', line: line + at, output: [] });
    } else shown.at(-1)?.output.push(text);
  });
  return shown;
}

/** What a shell says of a command that was ended by SIGKILL. */
const KILLED = 137;
