import { useState } from 'react';
import type { ApiError } from '../api/call.ts';
import { readStill } from '../api/footage.ts';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { stillsAt, type StillCamera } from './stills.ts';

export interface Stills {
  /** Saves a picture of each of these cameras, one after the other, as the moment is shown. */
  save: (cameras: readonly StillCamera[], wallMs: number) => Promise<void>;
  /** What became of it, by camera where there was no picture. Empty: nothing was asked for yet. */
  said: readonly string[];
  error: ApiError | undefined;
}

export function useStills(): Stills {
  const { t, language } = useLanguage();
  const [said, setSaid] = useState<readonly string[]>([]);
  const act = useAct();

  async function save(cameras: readonly StillCamera[], wallMs: number): Promise<void> {
    const { taken, none } = stillsAt(cameras, wallMs, language);
    setSaid(none);
    await act.run(async () => {
      for (const { id } of taken) await saveOne(id, Math.round(wallMs));
      if (taken.length > 0) setSaid([t('footage.stillsSaved', { count: taken.length }), ...none]);
    });
  }
  return { save, said, error: act.error };
}

async function saveOne(cameraId: string, atMs: number): Promise<void> {
  const { content, fileName } = await readStill(cameraId, atMs);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(link.href);
}
