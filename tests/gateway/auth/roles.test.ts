import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rolesDocument } from './roles-document.ts';

test('ROLES.md says what the policy does (npm run roles)', async () => {
  const path = join(import.meta.dirname, '../../../gateway/auth/ROLES.md');
  expect(readFileSync(path, 'utf8')).toBe(await rolesDocument());
});
