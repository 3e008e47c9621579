// Shows which pictures there are: the volume and the port come from the definition.
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';

const server = createServer((_request, response) => {
  const pictures = readdirSync(process.env.RIPCORD_DATA_DIR);
  response.end(`${pictures.length} pictures\n`);
});
server.listen(Number(process.env.PORT), () => console.log('viewer listens'));
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
