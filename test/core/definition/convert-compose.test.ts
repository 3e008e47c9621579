import { describe, expect, test } from 'vitest';

import { complaintText } from '../../../src/core/definition/complaint.ts';
import {
  convertDefinition,
  type ConvertOptions,
} from '../../../src/core/definition/convert/convert.ts';

const PLACE: ConvertOptions = { file: 'compose.yaml', fallbackName: 'old', sourceBase: null };

describe('a compose file is refused at its own place', () => {
  test.each([
    [
      'that needs what is not there',
      'services:\n  Web_1:\n    image: nginx\n    depends_on: [nosuch]\n',
      'compose.yaml:4:17 services.Web_1.depends_on: names no service of this chute: nosuch (services are web-1)',
    ],
    [
      'whose service has nothing to run',
      'services:\n  web:\n    ports: ["80:80"]\n',
      'compose.yaml:2:3 services.web.image: is missing: which image is to run?',
    ],
    [
      'that goes on elsewhere',
      'services:\n  web:\n    extends: {file: base.yaml, service: x}\n',
      'compose.yaml:3:5 services.web.extends: is not read (docker compose config writes out what it extends)',
    ],
    [
      'of the first version',
      'web:\n  image: nginx\ndb:\n  build: ./db\n',
      'compose.yaml:1:1 is a compose file of the first version, whose services stand at the top (put the services under services:)',
    ],
    [
      'without services',
      'version: "3"\nnetworks: {}\n',
      'compose.yaml:1:1 services: is missing (put the services under services:)',
    ],
  ])('%s', (_, text, words) => {
    const found = convertDefinition(text, PLACE);
    expect(found).toMatchObject({ ok: false });
    const complaints = 'complaints' in found ? found.complaints : [];
    expect(complaints.map(complaintText)[0]).toBe(words);
  });

  test('of the first version, whatever it is called', () => {
    const found = convertDefinition('web:\n  image: nginx\n', { ...PLACE, file: 'old.yaml' });
    expect(found).toMatchObject({ ok: false, complaints: [{ code: 'format-unsupported' }] });
  });
});
