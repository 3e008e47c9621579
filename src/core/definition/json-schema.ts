import { z } from 'zod';

import type { JsonObject } from '../json.ts';
import { format } from './format.ts';

/** The JSON Schema (draft 2020-12) of the definition format, for editors and `ripcord schema`. Pure. */
export function jsonSchema(): JsonObject {
  const schema = z.toJSONSchema(format, { io: 'input' });
  return { ...(schema as JsonObject), $id: 'https://ripcord.invalid/schema/chute.json' };
}
