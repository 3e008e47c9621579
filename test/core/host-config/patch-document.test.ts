import { expect, test } from 'vitest';

import { DEFAULT_DOCUMENT } from '../../../src/core/host-config/document.ts';
import { patchDocument } from '../../../src/core/host-config/patch-document.ts';

test('copies of copies are refused before they are large', () => {
  const patch = Array.from({ length: 40 }, (_, n) => ({ op: 'copy', from: '', path: `/x${n}` }));
  expect(patchDocument(DEFAULT_DOCUMENT, patch)).toMatchObject({
    reason: expect.stringMatching(/^operation \d+ \(copy \/x\d+\) makes it too large/) as string,
  });
});
