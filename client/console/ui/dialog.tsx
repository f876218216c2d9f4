import type { ReactNode } from 'react'
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { Button } from './button.tsx'
import styles from './dialog.module.css'
import { uiMessages } from './ui.messages.ts'

export interface DialogProps {
  readonly title: string
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly children: ReactNode
  /** For what must be answered: a press beside it does not close it. */
  readonly isAlert?: boolean
}

/** A dialog over the page; on a phone a sheet from below. Escape closes it. */
export function Dialog({ title, isOpen, onClose, children, isAlert = false }: DialogProps) {
  const { t } = useTranslator()
  return (
    <ModalOverlay
      className={styles.scrim ?? ''}
      isOpen={isOpen}
      isDismissable={!isAlert}
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
    >
      <Modal className={styles.modal ?? ''}>
        <AriaDialog className={styles.dialog ?? ''} role={isAlert ? 'alertdialog' : 'dialog'}>
          <div className={styles.head}>
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            <Button kind="quiet" icon="close" label={t(uiMessages.close)} onPress={onClose} />
          </div>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}

export function DialogActions({ children }: { readonly children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>
}
