#!/usr/bin/env node
import { fileURLToPath } from 'node:url';

import { bundleAt } from './bundle.ts';

const bundle = bundleAt(fileURLToPath(new URL('.', import.meta.url)));
const { main } = bundle ? bundle.run() : await import('./ripcord.ts');
await main();
