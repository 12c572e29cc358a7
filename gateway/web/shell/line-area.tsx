import { Textarea, type TextareaProps } from '@mantine/core';
import type { KeyboardEvent } from 'react';

/**
 * A box for one line of text that may be long: it wraps, and holds no line break, which the gateway refuses. Enter does what it does in a
 * line: it sends the form if that may be sent, and otherwise the field that keeps it says why. A break that is pasted becomes a blank.
 */
export function LineArea(
  props: Omit<TextareaProps, 'value' | 'onChange'> & {
    value: string;
    onChange: (text: string) => void;
  },
) {
  const { onChange, ...area } = props;
  return (
    <Textarea
      {...area}
      onChange={({ currentTarget }) =>
        onChange(currentTarget.value.replaceAll(/\s*[\r\n]+\s*/g, ' '))
      }
      onKeyDown={(event) => {
        // Of a word that is being composed Enter is the end.
        if (event.key === 'Enter' && !event.nativeEvent.isComposing) send(event);
      }}
    />
  );
}

function send(event: KeyboardEvent<HTMLTextAreaElement>): void {
  event.preventDefault();
  const { form } = event.currentTarget;
  const act = form?.querySelector<HTMLButtonElement>('button[type="submit"]');
  if (form === null || !(form.noValidate || form.reportValidity())) return;
  if (act && !act.disabled) form.requestSubmit(act);
}
