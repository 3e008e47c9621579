import type { JsonObject } from '../json.ts';
import { FORMAT } from './format.ts';
import type { Shape } from './shape.ts';

/** The JSON Schema (draft 2020-12) of a host configuration, for editors and `ripcord schema`. Pure. */
export function hostJsonSchema(): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Ripcord host configuration',
    ...schemaOf(FORMAT),
  };
}

function schemaOf(shape: Shape): JsonObject {
  switch (shape.is) {
    case 'map': {
      const { fields, needs = [], others } = shape;
      const properties = Object.entries(fields).map(([name, of]) => [name, schemaOf(of)] as const);
      return {
        type: 'object',
        properties: Object.fromEntries(properties),
        ...(needs.length > 0 && { required: needs }),
        additionalProperties: others ? schemaOf(others) : false,
      };
    }
    case 'list': {
      const items = schemaOf(shape.of);
      const list = { type: 'array', items };
      return shape.orOne ? { anyOf: [list, items] } : list;
    }
    case 'text':
      return { type: ['string', 'number'], description: shape.what };
    case 'number':
      return { type: 'integer', minimum: shape.from, maximum: shape.to };
    case 'flag':
      return { type: 'boolean' };
    case 'word':
      return { enum: shape.words };
    case 'secret': {
      const text = { type: 'string', minLength: shape.lengthMin, maxLength: shape.lengthMax };
      return { anyOf: [text, mapOf('secret', text), mapOf('$secret', { type: 'string' })] };
    }
    case 'plain':
      return { type: ['string', 'number', 'boolean'] };
    case 'anything':
      return {};
  }
}

const mapOf = (name: string, value: JsonObject): JsonObject => ({
  type: 'object',
  properties: { [name]: value },
  required: [name],
  additionalProperties: false,
});
