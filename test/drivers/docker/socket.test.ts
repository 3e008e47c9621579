import { expect, test } from 'vitest';

import { dockerSocket } from '../../../src/drivers/docker/socket.ts';

test.each([
  { environment: {}, socket: '/var/run/docker.sock' },
  { environment: { DOCKER_HOST: '' }, socket: '/var/run/docker.sock' },
  { environment: { DOCKER_HOST: 'unix:///run/podman.sock' }, socket: '/run/podman.sock' },
  {
    environment: { DOCKER_HOST: 'tcp://10.0.0.1:2376', RIPCORD_DOCKER: '/run/own.sock' },
    socket: '/run/own.sock',
  },
])('$environment names $socket', ({ environment, socket }) => {
  expect(dockerSocket(environment)).toBe(socket);
});

test.each(['tcp://10.0.0.1:2376', 'ssh://gateway', 'docker.sock'])(
  'an engine at %s is refused: it is no socket of this device',
  (given) => {
    expect(() => dockerSocket({ DOCKER_HOST: given })).toThrow(
      `cannot use DOCKER_HOST=${given}: it is no socket of this device`,
    );
  },
);
