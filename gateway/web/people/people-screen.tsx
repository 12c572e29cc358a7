import { Alert, Badge, Button, Table, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { changePerson, readPeople, type Person } from '../api/people.ts';
import { Dialog } from '../shell/dialog.tsx';
import { Failure, Nothing, Page, ToTakeAway, Waiting } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useAct, useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { grantWords } from './grant-words.ts';
import { PeopleList } from './people-list.tsx';
import { PersonForm } from './person-form.tsx';
import { ResetPerson } from './reset-person.tsx';

const SEARCH_AFTER_MS = 300;

type Open =
  | { what: 'add' | 'list' }
  | { what: 'edit' | 'reset' | 'disable'; person: Person }
  /** A one-time link, shown this once. */
  | { what: 'link'; name: string; link: string };

/** The people of the area that one keeps. */
export default function PeopleScreen() {
  const { t } = useLanguage();
  const [search, setSearch] = useState('');
  const [searched] = useDebouncedValue(search, SEARCH_AFTER_MS);
  // Each page's cursor, the first being none: back is the one before.
  const [cursors, setCursors] = useState<(string | null)[]>([null]);
  const cursor = cursors.at(-1) ?? null;
  const people = useLoaded(
    (signal) => readPeople({ search: searched, cursor }, signal),
    [searched, cursor],
  );
  const [open, setOpen] = useState<Open>();
  const close = (): void => setOpen(undefined);
  const changed = (): void => {
    close();
    people.reload();
  };
  const showLink = (name: string, link: string): void => {
    setOpen({ what: 'link', name, link: new URL(link, window.location.origin).href });
    people.reload();
  };
  const found = people.value?.people;

  return (
    <Page
      title={t('people.title')}
      actions={
        <>
          <Button variant="default" onClick={() => setOpen({ what: 'list' })}>
            {t('people.upload')}
          </Button>
          <Button onClick={() => setOpen({ what: 'add' })}>{t('people.add')}</Button>
        </>
      }
    >
      <TextInput
        className="page-search"
        type="search"
        aria-label={t('people.find')}
        placeholder={t('people.find')}
        value={search}
        onChange={({ currentTarget }) => {
          setSearch(currentTarget.value);
          setCursors([null]);
        }}
      />
      <Failure error={people.error} onRetry={people.reload} />
      {found === undefined && people.loading && <Waiting />}
      {found?.length === 0 &&
        (searched === '' ? (
          <Nothing title={t('people.none')}>
            <p>{t('people.noneWords')}</p>
          </Nothing>
        ) : (
          <Nothing title={t('people.notFound')} />
        ))}
      {found !== undefined && found.length > 0 && <PeopleTable people={found} onOpen={setOpen} />}
      <div className="pager">
        {cursors.length > 1 && (
          <Button variant="default" onClick={() => setCursors(cursors.slice(0, -1))}>
            {t('previousPage')}
          </Button>
        )}
        {people.value?.nextCursor != null && (
          <Button
            variant="default"
            onClick={() => setCursors([...cursors, people.value?.nextCursor ?? null])}
          >
            {t('nextPage')}
          </Button>
        )}
      </div>
      <Dialog
        opened={open !== undefined}
        onClose={close}
        size={open?.what === 'list' ? 'xl' : 'lg'}
        title={open === undefined ? '' : t(`people.dialog.${open.what}`)}
        closeOnClickOutside={open?.what !== 'link' && open?.what !== 'list'}
        nothingToLose={open?.what === 'link'}
      >
        {open?.what === 'add' && <PersonForm person={null} onLink={showLink} onDone={changed} />}
        {open?.what === 'edit' && (
          <PersonForm person={open.person} onLink={showLink} onDone={changed} />
        )}
        {open?.what === 'reset' && <ResetPerson person={open.person} onLink={showLink} />}
        {open?.what === 'disable' && (
          <DisablePerson person={open.person} onDone={changed} onCancel={close} />
        )}
        {open?.what === 'list' && <PeopleList onEntered={people.reload} />}
        {open?.what === 'link' && (
          <Alert color="green" variant="light" title={t('people.linkFor', { name: open.name })}>
            <p>{t('people.linkWords')}</p>
            <ToTakeAway label={t('people.dialog.link')} text={open.link} />
          </Alert>
        )}
      </Dialog>
    </Page>
  );
}

function PeopleTable(props: { people: Person[]; onOpen: (open: Open) => void }) {
  const { t, language } = useLanguage();
  const me = useSignedIn().person;
  const { people, onOpen } = props;
  return (
    <Table className="stacked" highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('person.name')}</Table.Th>
          <Table.Th>{t('person.email')}</Table.Th>
          <Table.Th>{t('person.grants')}</Table.Th>
          <Table.Th>{t('person.status')}</Table.Th>
          <Table.Th />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {people.map((person) => (
          <Table.Tr key={person.id}>
            <Table.Td data-label={t('person.name')}>{person.name}</Table.Td>
            <Table.Td data-label={t('person.email')}>{person.email}</Table.Td>
            <Table.Td data-label={t('person.grants')}>
              {person.grants.map((grant) => {
                const words = grantWords(grant, language);
                return <div key={words}>{words}</div>;
              })}
            </Table.Td>
            <Table.Td data-label={t('person.status')}>
              <Badge
                variant="light"
                color={person.disabled ? 'red' : person.hasPassword ? 'green' : 'yellow'}
              >
                {person.disabled
                  ? t('person.disabled')
                  : person.hasPassword
                    ? t('person.active')
                    : t('person.invited')}
              </Badge>{' '}
              {person.hasSecondFactor && <Badge variant="outline">{t('person.twoFactor')}</Badge>}
            </Table.Td>
            <Table.Td>
              <div className="row-actions">
                <Button
                  variant="default"
                  size="xs"
                  aria-label={`${t('people.edit')} ${person.name}`}
                  onClick={() => onOpen({ what: 'edit', person })}
                >
                  {t('people.edit')}
                </Button>
                {person.id !== me.id && (
                  <>
                    <Button
                      variant="default"
                      size="xs"
                      aria-label={`${t('people.reset')} ${person.name}`}
                      onClick={() => onOpen({ what: 'reset', person })}
                    >
                      {t('people.reset')}
                    </Button>
                    <Button
                      variant="default"
                      size="xs"
                      aria-label={`${person.disabled ? t('people.enable') : t('people.disable')} ${person.name}`}
                      onClick={() => onOpen({ what: 'disable', person })}
                    >
                      {person.disabled ? t('people.enable') : t('people.disable')}
                    </Button>
                  </>
                )}
              </div>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function DisablePerson(props: { person: Person; onDone: () => void; onCancel: () => void }) {
  const { t } = useLanguage();
  const { person } = props;
  const act = useAct();
  return (
    <div className="narrow-form">
      <p>
        {t(person.disabled ? 'people.enableWords' : 'people.disableWords', { name: person.name })}
      </p>
      <Failure error={act.error} />
      <div className="row-actions">
        <Button
          color={person.disabled ? 'blue' : 'red'}
          loading={act.busy}
          onClick={() =>
            void act
              .run(() => changePerson(person.id, { disabled: !person.disabled }))
              .then((done) => done && props.onDone())
          }
        >
          {person.disabled ? t('people.enable') : t('people.disable')}
        </Button>
        <Button variant="default" onClick={props.onCancel}>
          {t('cancel')}
        </Button>
      </div>
    </div>
  );
}
