import { whyList } from '../../../replay/why-answer.ts';
import { type Listening, parsePort } from '../../../replay/why-port.ts';
import { why as explain } from '../../../replay/why.ts';
import { type CommandModule, textOf } from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { print } from '../output.ts';
import { needReplay } from '../reader.ts';
import { whyText } from '../why-text.ts';

/** A plan warns of who listens now and journals nothing: the answer must not be older than that. */
async function listeningOn({ root }: Context): Promise<Listening> {
  const { hostFacts } = await import('../../library/local-host.ts');
  const { chooseConfigured } = await import('../../library/root-config.ts');
  return (await hostFacts(root, chooseConfigured(root, {}))).portsTaken;
}

type WhyOptions = { readonly deep?: true };

/** `ripcord why SUBJECT`. */
export const why: CommandModule = {
  configure(command) {
    command
      .argument(
        '<subject>',
        'hello, hello/main, u43, u43.s7, hello.services.main.ports, port:8080 or a file of the host',
      )
      .option('--deep', 'leave nothing out');
  },
  async run(context, { args: [subject], options }) {
    const replay = await needReplay(context);
    const { deep = false } = options as WhyOptions;
    const text = textOf(subject) ?? '';
    const listening = parsePort(text) ? await listeningOn(context) : undefined;
    const answer = await explain(replay, text, { deep, ...(listening && { listening }) });
    await print(context, whyList(answer), () => whyText(context, answer));
    return EXIT.ok;
  },
};
