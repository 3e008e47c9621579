import { whyList } from '../../../replay/why-answer.ts';
import { why as explain } from '../../../replay/why.ts';
import { type CommandModule, textOf } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { print } from '../output.ts';
import { needReplay } from '../reader.ts';
import { whyText } from '../why-text.ts';

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
    const answer = await explain(replay, textOf(subject) ?? '', { deep });
    await print(context, whyList(answer), () => whyText(context, answer));
    return EXIT.ok;
  },
};
