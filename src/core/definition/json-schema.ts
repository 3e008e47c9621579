import { z } from 'zod';

import type { JsonObject } from '../json.ts';
import { format } from './format.ts';

/** The JSON Schema (draft 2020-12) of the definition format, for editors and `ripcord schema`. Pure. */
export function jsonSchema(): JsonObject {
  const { $schema, ...schema } = z.toJSONSchema(format, { io: 'input' }) as JsonObject;
  return { $schema: $schema ?? null, title: 'Ripcord chute', ...schema };
}
