import { Button, Checkbox } from '@mantine/core';
import { useState } from 'react';
import { resetPerson, type Person } from '../api/people.ts';
import { Failure } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';

/** Takes a password, and the second factor if asked, away at once; returns a new one-time link. */
export function ResetPerson(props: {
  person: Person;
  onLink: (name: string, link: string) => void;
}) {
  const { t } = useLanguage();
  const { person } = props;
  const [secondFactor, setSecondFactor] = useState(false);
  const act = useAct();
  return (
    <div className="narrow-form">
      <p>{t('people.resetWords', { name: person.name })}</p>
      {person.hasSecondFactor && (
        <Checkbox
          label={t('people.resetSecondFactor')}
          checked={secondFactor}
          onChange={({ currentTarget }) => setSecondFactor(currentTarget.checked)}
        />
      )}
      <Failure error={act.error} />
      <Button
        color="red"
        loading={act.busy}
        onClick={() =>
          void act.run(async () =>
            props.onLink(person.name, await resetPerson(person.id, secondFactor)),
          )
        }
      >
        {t('people.reset')}
      </Button>
    </div>
  );
}
