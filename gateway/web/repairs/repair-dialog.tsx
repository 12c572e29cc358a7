import { Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { MAX_WARRANTY_YEARS } from '#registry/far-day.ts';
import { changeRepair, openRepair, type Repair } from '../api/repairs.ts';
import { DayInput } from '../day-input.tsx';
import { causeChoices, reasonChoices } from '../condition/reason-words.ts';
import { ActDialog } from '../shell/act-dialog.tsx';
import { missingOf } from '../shell/missing.ts';
import { useSignedIn } from '../shell/signed-in.ts';
import { LineArea } from '../shell/line-area.tsx';
import { useLanguage } from '../use-language.ts';
import {
  bodyOf,
  costOf,
  draftOf,
  isClosing,
  missingIn,
  type RepairDraft,
  type WantedField,
} from './repair-draft.ts';

const openStates = ['reported', 'in-repair'] as const;
const allStates = [...openStates, 'back-in-service', 'no-fault', 'unrepairable'] as const;

/** A broken camera is reported, or its repair goes on: one form for both. */
export function RepairDialog(props: {
  camera: { id: string; position: string };
  /** Null: it is reported now. */
  repair: Repair | null;
  onClose: () => void;
  onSaved: () => void;
}) {
  const { t, language } = useLanguage();
  const { person } = useSignedIn();
  const { camera, repair, onClose, onSaved } = props;
  const [draft, setDraft] = useState(() => draftOf(repair, person.name));
  const set = (part: Partial<RepairDraft>): void => setDraft({ ...draft, ...part });
  const body = bodyOf(draft, repair);
  const wasClosed = repair !== null && isClosing(repair.state);
  const closes = isClosing(draft.state) && !wasClosed;
  const feeds = t(`repairs.feeds.${draft.state as 'reported'}`);

  const backOnLabel = t(draft.state === 'back-in-service' ? 'repairs.backOn' : 'repairs.closedOn');
  const labelOf = (field: WantedField): string => {
    if (field === 'backOn') return backOnLabel;
    return t(field === 'note' ? 'condition.note' : `repairs.${field}`);
  };

  async function save(): Promise<void> {
    await (repair === null ? openRepair(camera.id, body) : changeRepair(repair, body));
    onSaved();
  }

  return (
    <ActDialog
      title={t(repair === null ? 'repairs.reportTitle' : 'repairs.updateTitle', {
        position: camera.position,
      })}
      act={repair === null ? t('repairs.report') : t('save')}
      missing={[
        ...missingIn(draft, repair).map(labelOf),
        ...missingOf([Object.keys(body).length > 0, t('repairs.something')]),
      ]}
      size="lg"
      onAct={save}
      onClose={onClose}
    >
      {repair === null && <p>{t('repairs.reportWords')}</p>}
      <div className="form-row">
        <Select
          label={t('repairs.state')}
          data={(repair === null ? openStates : allStates).map((value) => ({
            value,
            label: t(`repairs.states.${value}`),
          }))}
          value={draft.state}
          disabled={wasClosed}
          description={repair !== null && draft.state !== repair.state ? feeds : undefined}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          onChange={(state) => set({ state: state ?? draft.state })}
          allowDeselect={false}
        />
        <Select
          label={t('repairs.cause')}
          data={causeChoices(language)}
          value={draft.cause}
          onChange={(cause) => set({ cause: cause ?? draft.cause })}
          allowDeselect={false}
          searchable
        />
      </div>
      {closes && (
        <div className="form-row">
          <DayInput
            label={backOnLabel}
            value={draft.backOn}
            onChange={(backOn) => set({ backOn })}
            past
            required
          />
          {draft.state === 'unrepairable' && (
            <Select
              label={t('repairs.unrepairableReason')}
              data={reasonChoices('unrepairable', language)}
              value={draft.unrepairableReason}
              onChange={(unrepairableReason) => set({ unrepairableReason })}
              required
              withAsterisk={false}
            />
          )}
        </div>
      )}
      <div className="form-row">
        <DayInput
          label={t('repairs.reportedOn')}
          value={draft.reportedOn}
          onChange={(reportedOn) => set({ reportedOn })}
          past
          required
        />
        <TextInput
          label={t('repairs.reportedBy')}
          value={draft.reportedBy}
          maxLength={200}
          required
          withAsterisk={false}
          onChange={({ currentTarget }) => set({ reportedBy: currentTarget.value })}
        />
      </div>
      <div className="form-row">
        <TextInput
          label={t('repairs.contractor')}
          value={draft.contractor}
          maxLength={200}
          onChange={({ currentTarget }) => set({ contractor: currentTarget.value })}
        />
        <DayInput
          label={t('repairs.warrantyUntil')}
          value={draft.warrantyUntil}
          onChange={(warrantyUntil) => set({ warrantyUntil })}
          years={MAX_WARRANTY_YEARS}
        />
      </div>
      <div className="form-row">
        <DayInput
          label={t('repairs.dueOn')}
          value={draft.dueOn}
          onChange={(dueOn) => set({ dueOn })}
        />
        <TextInput
          label={t('repairs.cost')}
          value={draft.cost}
          inputMode="decimal"
          error={costOf(draft.cost) === undefined ? t('repairs.costNotNumber') : undefined}
          onChange={({ currentTarget }) => set({ cost: currentTarget.value })}
        />
      </div>
      <LineArea
        label={t('condition.note')}
        maxLength={1000}
        value={draft.note}
        onChange={(note) => set({ note })}
      />
    </ActDialog>
  );
}
