/** `npm run roles`: writes gateway/auth/ROLES.md. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolesDocument } from './roles-document.ts';

writeFileSync(join(import.meta.dirname, '../../../gateway/auth/ROLES.md'), await rolesDocument());
