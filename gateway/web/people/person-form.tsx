import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Grant } from '../api/areas.ts';
import { addPerson, changePerson, type Person } from '../api/people.ts';
import { Failure } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { GrantFields } from './grant-fields.tsx';
import { isWhole, newGrant } from './grants.ts';

const MAX_GRANTS = 20;

/** A new person, or another name, address or roles for one. Nobody changes their own roles. */
export function PersonForm(props: {
  person: Person | null;
  onLink: (name: string, link: string) => void;
  onDone: () => void;
}) {
  const { t } = useLanguage();
  const me = useSignedIn().person;
  const { person } = props;
  const [name, setName] = useState(person?.name ?? '');
  const [email, setEmail] = useState(person?.email ?? '');
  const [grants, setGrants] = useState<Grant[]>(person?.grants ?? [newGrant(me.grants)]);
  const act = useAct();
  const ownRoles = person?.id === me.id;

  function save(): Promise<boolean> {
    return act.run(async () => {
      if (person === null) {
        props.onLink(name, await addPerson({ name, email, grants }));
      } else {
        await changePerson(person.id, { name, email, ...(ownRoles ? {} : { grants }) });
        props.onDone();
      }
    });
  }

  return (
    <form
      className="narrow-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <TextInput
        label={t('person.name')}
        required
        withAsterisk={false}
        value={name}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
        data-autofocus
      />
      <TextInput
        label={t('person.email')}
        type="email"
        required
        withAsterisk={false}
        value={email}
        onChange={({ currentTarget }) => setEmail(currentTarget.value)}
      />
      {!ownRoles && (
        <>
          {grants.map((grant, index) => (
            <GrantFields
              // By its place: a row has nothing else of its own.
              key={String(index)}
              number={index + 1}
              grant={grant}
              within={me.grants}
              onChange={(next) => setGrants(grants.with(index, next))}
              onRemove={
                grants.length > 1 ? () => setGrants(grants.filter((_, at) => at !== index)) : null
              }
            />
          ))}
          {grants.length < MAX_GRANTS && (
            <Button variant="subtle" onClick={() => setGrants([...grants, newGrant(me.grants)])}>
              {t('person.anotherGrant')}
            </Button>
          )}
        </>
      )}
      <Failure error={act.error} />
      <Button type="submit" loading={act.busy} disabled={!ownRoles && !grants.every(isWhole)}>
        {person === null ? t('people.addAndLink') : t('save')}
      </Button>
    </form>
  );
}
