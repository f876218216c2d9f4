import { useState, type ReactNode } from 'react'
import type { TransactionKey } from '../../index.ts'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import type { IconName } from '../ui/icon.tsx'
import { useAction } from '../ui/use-action.ts'
import { bulkMessages as m } from './bulk.messages.ts'

export interface BulkDialogProps {
  /** Open while there are any. */
  readonly keys: readonly TransactionKey[]
  readonly title: string
  /** The text of the button that confirms. */
  readonly confirm: string
  /** Does it to one key. */
  readonly work: (key: TransactionKey) => Promise<void>
  /** Called once it was done to all. */
  readonly onDone: () => void
  readonly onClose: () => void
  readonly children?: ReactNode
  readonly icon?: IconName
  readonly isHarmless?: boolean
  readonly isDisabled?: boolean
}

const namesShownMax = 8

/** Asks, and does the same to one key after the other. Those that failed stay: a second press does it to these alone. */
export function BulkDialog({ keys, work, onDone, onClose, children, ...look }: BulkDialogProps) {
  const { t } = useTranslator()
  const [done, setDone] = useState<ReadonlySet<string>>(new Set())
  const close = () => {
    setDone(new Set())
    onClose()
  }
  const action = useAction(async () => {
    const finished = new Set(done)
    const failures: unknown[] = []
    for (const key of keys) {
      if (finished.has(key.id)) continue
      try {
        await work(key)
        finished.add(key.id)
        setDone(new Set(finished))
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw new AggregateError(failures)
    onDone()
    close()
  })
  const left = keys.filter(({ id }) => action.isPending || !done.has(id))
  const shown = left.slice(0, namesShownMax).map(nameOf)
  return (
    <ConfirmDialog {...look} action={action} isOpen={keys.length > 0} onClose={close}>
      <p>
        <strong>{shown.join(', ')}</strong>
        {left.length > shown.length && ` … +${String(left.length - shown.length)}`}
      </p>
      {children}
      {keys.length > 1 && done.size > 0 && (
        <p role="status">{t(m.progress, { done: done.size, count: keys.length })}</p>
      )}
    </ConfirmDialog>
  )
}

/** The key's label, or its application server where it has none. */
export function nameOf({ label, applicationServer }: TransactionKey): string {
  return label ?? applicationServer
}
