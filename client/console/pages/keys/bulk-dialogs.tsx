import type { TransactionKey, Vault } from '../../../index.ts'
import { ChangeTermDialog } from '../../keys/change-term-dialog.tsx'
import { DestroyDialog } from '../../keys/destroy-dialog.tsx'
import { RevokeDialog } from '../../keys/revoke-dialog.tsx'
import { RotateDialog, type KeysDialogProps } from '../../keys/rotate-dialog.tsx'

/** The operations on several keys at once. */
export const bulkKinds = ['term', 'rotate', 'revoke', 'destroy'] as const

export type BulkKind = (typeof bulkKinds)[number]

/** An operation that is asked about, and its keys. */
export interface Bulk {
  readonly kind: BulkKind
  readonly keys: readonly TransactionKey[]
}

const dialogs = {
  term: ChangeTermDialog,
  rotate: RotateDialog,
  revoke: RevokeDialog,
  destroy: DestroyDialog,
} as const satisfies Readonly<Record<BulkKind, (props: KeysDialogProps) => unknown>>

export function BulkDialogs({
  bulk,
  ...props
}: {
  readonly owner: Vault
  readonly bulk: Bulk | null
  readonly onClose: () => void
  readonly onDone: () => void
}) {
  return bulkKinds.map((kind) => {
    const Dialog = dialogs[kind]
    return <Dialog key={kind} {...props} keys={bulk?.kind === kind ? bulk.keys : noKeys} />
  })
}

const noKeys: readonly TransactionKey[] = []

/** The keys that an operation can do something to. */
export function keysFor(kind: BulkKind, keys: Iterable<TransactionKey>): readonly TransactionKey[] {
  return [...keys].filter(({ state, wrappedFor }) =>
    kind === 'destroy' ? state !== 'REVOKED' || wrappedFor.length > 0 : state !== 'REVOKED',
  )
}
