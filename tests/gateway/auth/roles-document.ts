import { format } from 'prettier';
import { actions, actionNames, tokenScopeNames, tokenScopes } from '#gateway/auth/actions.ts';
import { levelsOf, roles, secondFactorRoles } from '#gateway/auth/actor.ts';
import { allowedTo } from '#gateway/auth/policy.ts';

/** `npm run roles` writes it; a test holds it against the policy. */
export async function rolesDocument(): Promise<string> {
  const text = [
    '# Roles',
    'Made from [policy.ts](policy.ts) by `npm run roles`; a test fails when it is not current.',
    'A role is given for an area, and allows this within it. Out of the area a camera or a person does not exist (404).',
    table(
      ['action', '', ...roles],
      actionNames.map((action) => [
        `\`${action}\``,
        actions[action],
        ...roles.map((role) => (allowedTo[role].has(action) ? '●' : '')),
      ]),
    ),
    table(
      ['role', 'given for', 'second factor'],
      roles.map((role) => [
        role,
        levelsOf[role].join(', '),
        secondFactorRoles.has(role) ? 'required' : '',
      ]),
    ),
    'A district that changes a camera of an LAO does so as its proxy, and history says so.',
    '## Scopes of API tokens',
    table(
      ['scope', 'actions'],
      tokenScopeNames.map((scope) => [
        `\`${scope}\``,
        tokenScopes[scope].map((action) => `\`${action}\``).join(', '),
      ]),
    ),
  ].join('\n\n');
  return format(text, { parser: 'markdown', printWidth: 100 });
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}
