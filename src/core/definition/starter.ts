/**
 * A commented definition for `ripcord init`: it can be applied as it stands, with no other file
 * beside it. Pure.
 */
export function starterDefinition(name: string, schema = './chute.schema.json'): string {
  return `# yaml-language-server: $schema=${schema}
# What this device should run. \`ripcord validate\` checks it, \`ripcord plan\` shows what would be
# done, \`ripcord apply\` does it, and undoes it again if the chute does not get well.
name: ${name}
version: 1
description: A small web chute

# Variables for all services. A secret is kept out of the journal and of all output:
#   API_TOKEN: { secret: "..." }
environment: {}

services:
  main:
    # light: files and a command. On a device with Docker also normal (a Dockerfile), image, inline.
    type: light
    # The language: go, gradle, maven, node, python2 or python3.
    image: node
    # Where the files are: a directory beside this file, an archive, or a URL (with its sha256).
    source: .
    # A list of words, or one text that is split into words; no shell. For files of your own, for
    # example: node server.js. The port to listen on is in the variable PORT.
    command:
      - node
      - -e
      - require('node:http').createServer((_, answer) => answer.end('hello\\n')).listen(process.env.PORT)

    # An update is kept only when this passes; otherwise the version before is brought back.
    health:
      http: { port: 18080, path: / }
      withinMs: 20000

    # Data that outlives updates: the path inside, and the volume's name.
    # volumes:
    #   /data: { name: data }

    # Ports to publish, inside: outside. The web port below needs no line here.
    # requests:
    #   port-bindings: { 9000: 9000 }

    # Services that have to be well first.
    # needs: [db]

# The port that answers for the chute.
web:
  service: main
  port: 18080

# After a power cut in the middle of an update: resume it (the default), or rollback.
# onInterrupt: rollback
`;
}
