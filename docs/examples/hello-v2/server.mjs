// The small web chute, a version later: the port and the greeting come from its definition.
import { createServer } from 'node:http';

const port = Number(process.env.PORT);
const version = process.env.RIPCORD_CHUTE_VERSION;
const greeting = process.env.GREETING;

const server = createServer((request, response) => {
  if (request.url === '/health') {
    response.end('well\n');
    return;
  }
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(`${greeting}: version ${version}\n`);
});

server.listen(port, () => console.log(`version ${version} listens on port ${port}`));
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
