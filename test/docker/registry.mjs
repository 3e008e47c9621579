// A registry of one image, for as long as its standard input is open: `library/tiny:1`. Prints its port.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

const digestOf = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

// A layer without any file: two empty blocks are the end of an archive.
const archive = Buffer.alloc(1024);
const layer = gzipSync(archive);
const config = Buffer.from(
  JSON.stringify({
    architecture: process.env.ARCHITECTURE,
    os: 'linux',
    config: { Cmd: ['/none'] },
    rootfs: { type: 'layers', diff_ids: [digestOf(archive)] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: 'a test' }],
  }),
);
const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const describe = (mediaType, bytes) => ({ mediaType, size: bytes.length, digest: digestOf(bytes) });
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: describe('application/vnd.docker.container.image.v1+json', config),
    layers: [describe('application/vnd.docker.image.rootfs.diff.tar.gzip', layer)],
  }),
);
const blobs = new Map([config, layer].map((bytes) => [digestOf(bytes), bytes]));

const server = createServer((request, response) => {
  const [, what, name] =
    /^\/v2\/library\/tiny\/(manifests|blobs)\/(.+)$/.exec(request.url ?? '') ?? [];
  const isKnown = name === '1' || name === digestOf(manifest);
  const bytes = what === 'manifests' ? (isKnown ? manifest : undefined) : blobs.get(name);
  if (request.url === '/v2/') response.end('{}');
  else if (bytes === undefined) {
    response.statusCode = 404;
    response.end(JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: 'unknown' }] }));
  } else {
    response.setHeader(
      'content-type',
      what === 'manifests' ? MANIFEST : 'application/octet-stream',
    );
    response.setHeader('docker-content-digest', digestOf(bytes));
    response.setHeader('content-length', bytes.length);
    response.end(request.method === 'HEAD' ? undefined : bytes);
  }
});
server.listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port)));
process.stdin.resume().on('end', () => process.exit(0));
