import { useState } from 'react'
import { Button } from '../ui/button.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { Notice } from '../ui/display.tsx'
import type { Action } from '../ui/use-action.ts'

interface RemoveButtonProps {
  readonly action: Action
  readonly label: string
  /** The question, and the button that answers it. */
  readonly confirm: string
  readonly warning: string
}

/** A button that asks once more before it removes something. */
export function RemoveButton({ action, label, confirm, warning }: RemoveButtonProps) {
  const [isAsking, setAsking] = useState(false)
  return (
    <>
      <Button
        kind="danger"
        icon="trash"
        onPress={() => {
          setAsking(true)
        }}
      >
        {label}
      </Button>
      <ConfirmDialog
        title={confirm}
        confirm={confirm}
        action={action}
        isOpen={isAsking}
        onClose={() => {
          setAsking(false)
        }}
      >
        <Notice tone="warn">{warning}</Notice>
      </ConfirmDialog>
    </>
  )
}
