import type { ReactNode } from 'react'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { Button } from './button.tsx'
import { Dialog, DialogActions } from './dialog.tsx'
import { Failure } from './failure.tsx'
import type { IconName } from './icon.tsx'
import { uiMessages } from './ui.messages.ts'
import type { Action } from './use-action.ts'

/** Asks before something that hurts, or that cannot be undone, and says so when it fails. */
export function ConfirmDialog({
  title,
  confirm,
  action,
  isOpen,
  onClose,
  children,
  icon,
  isHarmless = false,
  isDisabled = false,
}: {
  readonly title: string
  /** The text of the button that confirms. */
  readonly confirm: string
  readonly action: Action
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly children: ReactNode
  readonly icon?: IconName
  /** The button is not red. */
  readonly isHarmless?: boolean
  readonly isDisabled?: boolean
}) {
  const { t } = useTranslator()
  const close = () => {
    action.reset()
    onClose()
  }
  return (
    <Dialog title={title} isOpen={isOpen} onClose={close} isAlert>
      {children}
      {action.error !== null && <Failure error={action.error} />}
      <DialogActions>
        <Button kind="quiet" onPress={close}>
          {t(uiMessages.cancel)}
        </Button>
        <Button
          kind={isHarmless ? 'primary' : 'dangerSolid'}
          icon={icon}
          isDisabled={isDisabled}
          isPending={action.isPending}
          onPress={action.run}
        >
          {confirm}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
