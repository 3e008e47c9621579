import type { Complaint } from '../../core/definition/complaint.ts';
import { complaintText } from '../../core/definition/complaint.ts';
import { SecretDrawer } from '../../library/definitions.ts';
import { type CommandModule, textsOf } from '../command.ts';
import { loadDefinition } from '../definition-file.ts';
import { EXIT } from '../exit-code.ts';
import { print } from '../output.ts';

type Validated = {
  readonly file: string;
  readonly ok: boolean;
  readonly chute: string | null;
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
        .flatMap(({ file, ok: good, chute, complaints, warnings }) => [
          ...complaints.map((each) => `${terminal.red('error:')} ${complaintText(each)}\n`),
          ...warnings.map((each) => `${terminal.yellow('warning:')} ${complaintText(each)}\n`),
          ...(good ? [`${terminal.green(terminal.symbols.done)} ${file}: ${chute}\n`] : []),
        ])
        .join(''),
    );
    return ok ? EXIT.ok : EXIT.usage;
  },
};

async function validateFile(argument: string, strict: boolean): Promise<Validated> {
  const { keep } = new SecretDrawer();
  const { found, parsed } = await loadDefinition(argument, { secret: keep, strict });
  const { file } = found;
  const { warnings } = parsed;
  if (!parsed.ok) return { file, ok: false, chute: null, complaints: parsed.complaints, warnings };
  return { file, ok: true, chute: parsed.definition.name, complaints: [], warnings };
}
