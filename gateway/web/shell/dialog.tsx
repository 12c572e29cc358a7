import { Modal, type ModalProps } from '@mantine/core';
import { useLanguage } from '../use-language.ts';

/** A window above the page, open for as long as it is drawn. Esc and the cross close it, and a click beside it unless that is refused. */
export function Dialog(
  props: Pick<ModalProps, 'title' | 'size' | 'onClose' | 'closeOnClickOutside' | 'children'> & {
    /** False: it is not shown, though drawn; what opened it is given the focus when it closes. */
    opened?: boolean;
  },
) {
  const { t } = useLanguage();
  return (
    <Modal
      opened
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': t('dismiss') }}
      {...props}
    />
  );
}
