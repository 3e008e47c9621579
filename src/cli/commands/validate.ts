import type { Complaint } from '../../core/definition/complaint.ts';
import { complaintText } from '../../core/definition/complaint.ts';
import { HOST } from '../../core/host-config/document.ts';
import { SecretDrawer } from '../../library/definitions.ts';
import { type CommandModule, textsOf } from '../command.ts';
import { loadDefinition } from '../definition-file.ts';
import { EXIT } from '../exit-code.ts';
import { print } from '../output.ts';

type Validated = {
  readonly file: string;
  readonly ok: boolean;
  /** Null for the device itself, and for what is not ok. */
  readonly chute: string | null;
  /** What would be done with it: `apply`, or what an update object says. */
  readonly operation: string | null;
  readonly complaints: readonly Complaint[];
  readonly warnings: readonly Complaint[];
};

/** `ripcord validate FILE…`. Touches nothing else. */
export const validate: CommandModule = {
  configure(command) {
    command
      .argument('<file...>', 'definitions, directories with one, or - for standard input')
      .option('--strict', 'unknown fields are errors');
  },
  async run(context, { args: [files], options }) {
    const results: Validated[] = [];
    for (const file of textsOf(files))
      results.push(await validateFile(file, options['strict'] === true));
    const ok = results.every((each) => each.ok);
    const { terminal } = context;
    await print(context, { ok, files: results }, () =>
      results
        .flatMap(({ file, ok: good, complaints, warnings, ...what }) => [
          ...complaints.map((each) => `${terminal.red('error:')} ${complaintText(each)}\n`),
          ...warnings.map((each) => `${terminal.yellow('warning:')} ${complaintText(each)}\n`),
          ...(good ? [`${terminal.green(terminal.symbols.done)} ${file}: ${subject(what)}\n`] : []),
        ])
        .join(''),
    );
    return ok ? EXIT.ok : EXIT.usage;
  },
};

function subject({ chute, operation }: Pick<Validated, 'chute' | 'operation'>): string {
  const name = chute ?? (operation === 'apply' ? 'a definition elsewhere' : 'the device');
  return operation === 'apply' ? name : `${operation} ${name}`;
}

async function validateFile(argument: string, strict: boolean): Promise<Validated> {
  const { keep } = new SecretDrawer();
  const { found, parsed } = await loadDefinition(argument, { secret: keep, strict, anyHost: true });
  const { file } = found;
  const { warnings } = parsed;
  const good = { file, ok: true, complaints: [], warnings };
  if (!parsed.ok) {
    const { complaints } = parsed;
    return { file, ok: false, chute: null, operation: null, complaints, warnings };
  }
  if ('host' in parsed) return { ...good, chute: HOST, operation: parsed.host.operation };
  const { operation } = parsed;
  if ('definition' in parsed) return { ...good, chute: parsed.definition.name, operation };
  // The rest of it is elsewhere, and nothing is fetched to find out.
  const { name } = parsed.elsewhere.document;
  return { ...good, chute: typeof name === 'string' ? name : found.fallbackName, operation };
}
