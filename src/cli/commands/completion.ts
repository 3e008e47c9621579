import { type CommandModule, textOf } from '../command.ts';
import { EXIT, usageError } from '../exit-code.ts';
import { print } from '../output.ts';
import { COMPLETE } from '../words.ts';

const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `# ripcord completion bash > /etc/bash_completion.d/ripcord
_ripcord() {
  local IFS=$'\\n'
  COMPREPLY=($(ripcord ${COMPLETE} -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _ripcord ripcord
`,
  zsh: `#compdef ripcord
# ripcord completion zsh > "\${fpath[1]}/_ripcord"
_ripcord() {
  local -a found
  found=("\${(@f)$(ripcord ${COMPLETE} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  [[ -n "$found" ]] && compadd -- $found || _files
}
compdef _ripcord ripcord
`,
  fish: `# ripcord completion fish > ~/.config/fish/completions/ripcord.fish
complete -c ripcord -a '(ripcord ${COMPLETE} -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
};

/** `ripcord completion bash|zsh|fish`. */
export const completion: CommandModule = {
  configure(command) {
    command.argument('<shell>', 'bash, zsh or fish');
  },
  async run(context, { args: [given] }) {
    const shell = textOf(given) ?? '';
    const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
    if (script === undefined)
      throw usageError(`cannot complete for '${shell}'`, 'shells are bash, zsh and fish');
    await print(context, { shell, script }, () => script);
    return EXIT.ok;
  },
};
