import type { ReactNode } from 'react'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { Button } from './button.tsx'
import { DialogActions } from './dialog.tsx'
import { Failure } from './failure.tsx'
import styles from './field.module.css'
import { Form } from './form.tsx'
import type { IconName } from './icon.tsx'
import { uiMessages } from './ui.messages.ts'
import type { Action } from './use-action.ts'

export interface ActionFormProps {
  readonly children: ReactNode
  /** The action that sending the form starts. */
  readonly action: Action
  /** The text of the button that sends it. */
  readonly submit: string
  readonly icon?: IconName
  /** Whether it may be sent. */
  readonly isComplete?: boolean
  /** The failure to show, where a field says it better. Default: the action's error. */
  readonly error?: unknown
  /** Default: runs the action. */
  readonly onSubmit?: () => void
  readonly onBack?: (() => void) | undefined
  /** Default: "Cancel" in a dialog, "Back" in a page. */
  readonly back?: string
  readonly isInDialog?: boolean
}

/** Fields, why sending them failed, and the buttons: busy while the action runs, and sent by Enter when it is complete. */
export function ActionForm({ children, action, isComplete = true, onBack, ...form }: ActionFormProps) {
  const { t } = useTranslator()
  const { error = action.error, onSubmit = action.run, isInDialog = false } = form
  const buttons = (
    <>
      {onBack !== undefined && (
        <Button kind="quiet" onPress={onBack}>
          {form.back ?? t(isInDialog ? uiMessages.cancel : uiMessages.back)}
        </Button>
      )}
      <Button
        kind="primary"
        type="submit"
        icon={form.icon}
        isPending={action.isPending}
        isDisabled={!isComplete}
      >
        {form.submit}
      </Button>
    </>
  )
  return (
    <Form
      onSubmit={() => {
        if (isComplete) onSubmit()
      }}
    >
      {children}
      {error !== null && <Failure error={error} />}
      {isInDialog ? (
        <DialogActions>{buttons}</DialogActions>
      ) : (
        <div className={styles.buttons}>{buttons}</div>
      )}
    </Form>
  )
}
