import { MultiSelect } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMemo, useState } from 'react';
import { readRegister, type Registered } from '../api/cameras.ts';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { MAX_CAMERAS } from './query.ts';

const TYPED_AFTER_MS = 250;

/** Up to four cameras, found by what is typed of their position or place. */
export function CameraChoice(props: {
  cameraIds: readonly string[];
  /** What is known of those that are chosen. */
  cameras: ReadonlyMap<string, { position: string; lao: { name: string } }>;
  onChange: (cameraIds: string[]) => void;
}) {
  const { t } = useLanguage();
  const { cameraIds, cameras, onChange } = props;
  const [typed, setTyped] = useState('');
  const [asked] = useDebouncedValue(typed, TYPED_AFTER_MS);
  const found = useLoaded(
    (signal) => readRegister(asked === '' ? {} : { q: asked }, null, signal),
    [asked],
  );
  const choices = useMemo(() => {
    const labels = new Map<string, string>();
    for (const id of cameraIds) {
      const camera = cameras.get(id);
      // Short, once it is chosen: four fit in a line.
      labels.set(id, camera?.position ?? id);
    }
    for (const camera of found.value?.cameras ?? []) {
      if (!labels.has(camera.id)) labels.set(camera.id, nameOf(camera));
    }
    return [...labels].map(([value, label]) => ({ value, label }));
  }, [cameraIds, cameras, found.value]);

  return (
    <MultiSelect
      className="camera-choice"
      label={t('footage.cameras')}
      placeholder={cameraIds.length < MAX_CAMERAS ? t('footage.camerasHint') : ''}
      data={choices}
      value={[...cameraIds]}
      onChange={onChange}
      searchable
      searchValue={typed}
      onSearchChange={setTyped}
      // The gateway has found them: by LAO, district or agency too, which are not in the label.
      filter={({ options }) => options}
      maxValues={MAX_CAMERAS}
      hidePickedOptions
      nothingFoundMessage={found.loading ? t('reading') : t('footage.noCameraFound')}
      maxDropdownHeight={320}
    />
  );
}

function nameOf({
  position,
  lao,
}: Pick<Registered, 'position'> & { lao: { name: string } }): string {
  return `${position} · ${lao.name}`;
}
