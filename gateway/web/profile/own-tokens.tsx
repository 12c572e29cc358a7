import { Alert, Button, Checkbox, Table, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { tokenScopes, type TokenScope } from '#gateway/auth/actions.ts';
import { makeToken, readOwnTokens, revokeToken } from '../api/profile.ts';
import { dateAndTime } from '../buddhist-date.ts';
import { WholeNumberInput } from '../shell/whole-number-input.tsx';
import { Failure, ToTakeAway, Waiting } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useAct, useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';

/** In the words' order; every scope has its word. */
const scopeWords = {
  'cameras:read': 'readCameras',
  'cameras:write': 'writeCameras',
  repairs: 'repairs',
  'survey:read': 'readSurvey',
  'survey:write': 'writeSurvey',
  places: 'places',
  live: 'live',
  footage: 'footage',
  retention: 'retention',
  people: 'people',
  audit: 'audit',
  metrics: 'metrics',
} as const satisfies Record<TokenScope, string>;
const scopes = Object.keys(scopeWords) as TokenScope[];

/** A token with a scope of which nothing is theirs would do nothing. */
function isUseful(scope: TokenScope, may: (action: string) => boolean): boolean {
  return tokenScopes[scope].some((action) => may(action));
}
const DEFAULT_DAYS = 90;
const MAX_DAYS = 366;

/** Tokens for machines, which act for whoever made them. */
export function OwnTokens() {
  const { t, language } = useLanguage();
  const { may } = useSignedIn();
  const tokens = useLoaded(readOwnTokens, []);
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<string[]>([]);
  const [days, setDays] = useState<number | undefined>(DEFAULT_DAYS);
  const [made, setMade] = useState<string>();
  const act = useAct();

  return (
    <section className="card">
      <Title order={3}>{t('tokens.title')}</Title>
      <Text size="sm" c="dimmed">
        {t('tokens.words')}
      </Text>
      <Failure error={act.error ?? tokens.error} />
      {made !== undefined && (
        <Alert color="green" variant="light" title={t('tokens.made')} role="status">
          <ToTakeAway label={t('tokens.title')} text={made} />
        </Alert>
      )}
      {tokens.value === undefined && tokens.loading && <Waiting />}
      {(tokens.value?.length ?? 0) > 0 && (
        <Table.ScrollContainer minWidth={560}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('tokens.name')}</Table.Th>
                <Table.Th>{t('tokens.scopes')}</Table.Th>
                <Table.Th>{t('tokens.expires')}</Table.Th>
                <Table.Th>{t('tokens.seen')}</Table.Th>
                <Table.Th />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {tokens.value?.map((token) => (
                <Table.Tr key={token.id}>
                  <Table.Td>{token.name}</Table.Td>
                  <Table.Td>
                    {token.scopes
                      .map((scope) => {
                        const known = scopes.find((one) => one === scope);
                        return known === undefined ? scope : t(`tokens.scope.${scopeWords[known]}`);
                      })
                      .join(', ')}
                  </Table.Td>
                  <Table.Td>{dateAndTime(token.expiresAt, language)}</Table.Td>
                  <Table.Td>
                    {token.seenAt === null ? '–' : dateAndTime(token.seenAt, language)}
                  </Table.Td>
                  <Table.Td>
                    <Button
                      variant="default"
                      size="xs"
                      disabled={act.busy}
                      onClick={() => void act.run(() => revokeToken(token.id)).then(tokens.reload)}
                    >
                      {t('tokens.revoke')}
                    </Button>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      <form
        className="narrow-form"
        onSubmit={(event) => {
          event.preventDefault();
          void act
            .run(async () => {
              setMade(await makeToken({ name, scopes: chosen, days: days ?? DEFAULT_DAYS }));
              setName('');
              setChosen([]);
            })
            .then(tokens.reload);
        }}
      >
        <TextInput
          label={t('tokens.name')}
          description={t('tokens.nameHint')}
          required
          withAsterisk={false}
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
        <Checkbox.Group label={t('tokens.scopes')} value={chosen} onChange={setChosen}>
          <div className="checks">
            {scopes
              .filter((scope) => isUseful(scope, may))
              .map((scope) => (
                <Checkbox
                  key={scope}
                  value={scope}
                  label={t(`tokens.scope.${scopeWords[scope]}`)}
                />
              ))}
          </div>
        </Checkbox.Group>
        <WholeNumberInput
          label={t('tokens.days')}
          min={1}
          max={MAX_DAYS}
          value={days}
          onChange={setDays}
        />
        <Button
          type="submit"
          variant="default"
          loading={act.busy}
          disabled={chosen.length === 0 || name.trim() === '' || days === undefined}
        >
          {t('tokens.make')}
        </Button>
      </form>
    </section>
  );
}
