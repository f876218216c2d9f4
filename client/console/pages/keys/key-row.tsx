import { memo } from 'react'
import { Link } from 'wouter'
import type { TransactionKey } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { keyMessages } from '../../keys/keys.messages.ts'
import { StateBadge, TermBar, UsesBar } from '../../keys/key-parts.tsx'
import { Button } from '../../ui/button.tsx'
import { Checkbox } from '../../ui/choice.tsx'
import { IconLink } from '../../ui/icon-link.tsx'
import styles from './keys.module.css'
import { keysPageMessages } from './keys-page.messages.ts'

export interface KeyRowProps {
  readonly transactionKey: TransactionKey
  readonly index: number
  /** In pixels. */
  readonly top: number
  readonly height: number
  /** The one row that Tab leads to. */
  readonly isActive: boolean
  readonly isSelected: boolean
  readonly onFocus: (index: number) => void
  readonly onToggle: ((id: string) => void) | null
  readonly onRevoke: ((keys: readonly TransactionKey[]) => void) | null
}

export const KeyRow = memo(function KeyRow({ transactionKey, index, top, height, ...row }: KeyRowProps) {
  const { t, relative } = useTranslator()
  const { id, label, applicationServer, lastUsedAt, state } = transactionKey
  const { onToggle, onRevoke } = row
  const name = label ?? applicationServer
  return (
    <div
      className={styles.row}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={row.isSelected}
      tabIndex={row.isActive ? 0 : -1}
      data-index={index}
      style={{ top, height }}
      onFocus={() => {
        row.onFocus(index)
      }}
    >
      <span role="gridcell" className={styles.check}>
        {onToggle !== null && (
          <Checkbox
            label={t(keysPageMessages.select, { key: name })}
            isSelected={row.isSelected}
            onChange={() => {
              onToggle(id)
            }}
          />
        )}
      </span>
      <span role="gridcell" className={styles.name}>
        <Link to={`/keys/${id}`}>{name}</Link>
        {label !== null && <small>{applicationServer}</small>}
      </span>
      <span role="gridcell" className={styles.state}>
        <StateBadge transactionKey={transactionKey} />
      </span>
      <span role="gridcell" className={styles.term}>
        <TermBar transactionKey={transactionKey} />
      </span>
      <span role="gridcell" className={styles.uses}>
        <UsesBar transactionKey={transactionKey} />
      </span>
      <span role="gridcell" className={styles.when}>
        {lastUsedAt === null ? t(keyMessages.never) : relative(lastUsedAt)}
      </span>
      <span role="gridcell" className={styles.actions}>
        {state === 'ACTIVE' && onRevoke !== null && (
          <IconLink to={`/keys/${id}#use`} icon="key" label={t(keysPageMessages.use, { key: name })} />
        )}
        {state !== 'REVOKED' && onRevoke !== null && (
          <Button
            kind="quiet"
            icon="stop"
            label={t(keysPageMessages.revoke, { key: name })}
            onPress={() => {
              onRevoke([transactionKey])
            }}
          />
        )}
        <IconLink to={`/keys/${id}`} icon="chevron" label={t(keysPageMessages.open, { key: name })} />
      </span>
    </div>
  )
})
