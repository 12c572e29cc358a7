import { ActionIcon, Button, Select } from '@mantine/core';
import type { ReactNode, Ref } from 'react';
import { useLanguage } from '../use-language.ts';
import type { WordKey } from '../word-key.ts';
import { clockTime } from '../thai-day.ts';
import { GoTo } from './go-to.tsx';
import type { KeyAct } from './keys.ts';
import type { StageState } from './stage.ts';
import { RATES } from './step.ts';

/** What the keys do, for whoever uses a pointer. */
export function ControlBar(props: {
  state: StageState;
  act: (act: KeyAct) => void;
  onRate: (rate: number) => void;
  mayPlay: boolean;
  day: string;
  goToInput: Ref<HTMLInputElement>;
  onGo: (day: string, atMs: number | undefined) => void;
}) {
  const { t } = useLanguage();
  const { state, act, mayPlay } = props;
  const button = (name: KeyAct, label: WordKey, sign: ReactNode): ReactNode => (
    <ActionIcon
      variant="default"
      size="lg"
      aria-label={t(label)}
      title={t(label)}
      onClick={() => act(name)}
    >
      {sign}
    </ActionIcon>
  );
  return (
    <div className="footage-bar">
      {mayPlay && (
        <div className="footage-group">
          {button('previousStretch', 'footage.previousStretch', '«')}
          {button('back', 'footage.back', '−5')}
          {button('pictureBack', 'footage.pictureBack', '‹')}
          <Button className="footage-play" onClick={() => act('playPause')}>
            {t(state.playing ? 'footage.pause' : 'footage.play')}
          </Button>
          {button('pictureForward', 'footage.pictureForward', '›')}
          {button('forward', 'footage.forward', '+5')}
          {button('nextStretch', 'footage.nextStretch', '»')}
          <Select
            className="footage-rate"
            aria-label={t('footage.rate')}
            data={RATES.map((rate) => ({ value: String(rate), label: `${rate}×` }))}
            value={String(state.rate)}
            onChange={(rate) => props.onRate(Number(rate ?? 1))}
            allowDeselect={false}
          />
        </div>
      )}
      <output className="footage-clock" aria-label={t('footage.now')}>
        {clockTime(state.wallMs, true)}
        <small>{state.waiting && state.playing ? t('footage.waiting') : ''}</small>
      </output>
      <GoTo day={props.day} input={props.goToInput} onGo={props.onGo} />
      <div className="footage-group">
        {button('further', 'footage.further', '−')}
        {button('closer', 'footage.closer', '+')}
        {button('help', 'footage.help', '?')}
      </div>
    </div>
  );
}
