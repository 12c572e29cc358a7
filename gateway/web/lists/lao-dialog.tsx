import { Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { laoTypes } from '#registry/thai-names.ts';
import { addToList, changeInList, type Lao } from '../api/lists.ts';
import { AreaFields } from '../register/area-fields.tsx';
import { ownPlace } from '../register/own-place.ts';
import { ActDialog } from '../shell/act-dialog.tsx';
import { missingOf } from '../shell/missing.ts';
import { useSignedIn } from '../shell/signed-in.ts';
import { arabic } from '../typed-number.ts';
import { useLanguage } from '../use-language.ts';

/** One LAO: added, or proposed by whoever does not keep the list; corrected by who does. */
export function LaoDialog(props: { lao: Lao | null; onClose: () => void; onSaved: () => void }) {
  const { t } = useLanguage();
  const { may, person } = useSignedIn();
  const { lao, onClose, onSaved } = props;
  const own = ownPlace(person.grants);
  const [name, setName] = useState(lao?.name ?? '');
  const [place, setPlace] = useState({
    province: lao?.province ?? own.province ?? '',
    district: lao?.district ?? own.district ?? '',
    lao: '',
  });
  const [code, setCode] = useState(lao?.code ?? '');
  const [type, setType] = useState(lao?.type ?? null);
  const [parent, setParent] = useState(lao?.reportingParent ?? 'district');
  const given = {
    name: name.trim(),
    province: place.province.trim(),
    district: place.district.trim(),
    code: code.trim() === '' ? null : arabic(code.trim()),
    type,
    reportingParent: parent,
  };
  // A type that its new name contradicts is read from the name, unless somebody chose one.
  const changes = Object.fromEntries(
    Object.entries(given).filter(
      ([field, value]) => lao === null || lao[field as keyof typeof given] !== value,
    ),
  );
  const isKeeper = may('place.manage');
  const act = lao !== null ? t('save') : t(isKeeper ? 'lists.addLao' : 'lists.proposeLao');
  return (
    <ActDialog
      title={lao === null ? act : t('lists.editOf', { name: lao.name })}
      act={act}
      size="lg"
      missing={missingOf(
        [given.name !== '', t('lists.laoName')],
        [given.province !== '', t('area.province')],
        [given.district !== '', t('area.district')],
        [Object.keys(changes).length > 0, t('lists.something')],
      )}
      onAct={async () => {
        await (lao === null ? addToList('laos', given) : changeInList('laos', lao, changes));
        onSaved();
      }}
      onClose={onClose}
    >
      {lao === null && !isKeeper && <p>{t('lists.proposeWords')}</p>}
      {lao !== null && <p>{t('lists.renameWords')}</p>}
      <TextInput
        label={t('lists.laoName')}
        description={t('lists.laoNameHint')}
        value={name}
        maxLength={200}
        required
        withAsterisk={false}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
        data-autofocus
      />
      <div className="form-row">
        <AreaFields upTo="district" value={place} required onChange={setPlace} />
      </div>
      <div className="form-row">
        <TextInput
          label={t('lists.code')}
          description={t('lists.codeHint')}
          value={code}
          inputMode="numeric"
          maxLength={10}
          onChange={({ currentTarget }) => setCode(currentTarget.value)}
        />
        <Select
          label={t('lists.type')}
          description={t('lists.typeHint')}
          data={[...laoTypes]}
          value={type}
          onChange={setType}
          clearable
        />
        <Select
          label={t('lists.reports')}
          description={t('lists.reportsHint')}
          data={(['district', 'province'] as const).map((value) => ({
            value,
            label: t(`lists.parent.${value}`),
          }))}
          value={parent}
          onChange={(chosen) => setParent(chosen ?? parent)}
          allowDeselect={false}
        />
      </div>
    </ActDialog>
  );
}
