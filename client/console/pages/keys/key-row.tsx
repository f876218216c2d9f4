import { memo } from 'react'
import { Link } from 'wouter'
import type { TransactionKey } from '../../../index.ts'
import { stateAt } from '../../data/key-query.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { keyMessages } from '../../keys/keys.messages.ts'
import { StateBadge, TermBar, UsesBar } from '../../keys/key-parts.tsx'
import { IconLink } from '../../ui/icon-link.tsx'
import { Hidden } from '../../ui/page.tsx'
import { RowButton, RowCheckbox } from '../../ui/row-controls.tsx'
import { uiMessages } from '../../ui/ui.messages.ts'
import { useNow } from '../../ui/use-now.ts'
import styles from './keys.module.css'
import { keysPageMessages as m } from './keys-page.messages.ts'

export interface KeyRowProps {
  /** Null while it was not read. */
  readonly transactionKey: TransactionKey | null
  readonly index: number
  /** In pixels. */
  readonly top: number
  readonly height: number
  /** The one row that Tab leads to. */
  readonly isActive: boolean
  readonly isSelected: boolean
  readonly onFocus: (index: number) => void
  readonly onToggle: ((key: TransactionKey) => void) | null
  readonly onRevoke: ((keys: readonly TransactionKey[]) => void) | null
}

export const KeyRow = memo(function KeyRow({ transactionKey, index, top, height, ...row }: KeyRowProps) {
  const { t } = useTranslator()
  return (
    <div
      className={styles.row}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={row.isSelected}
      aria-busy={transactionKey === null}
      tabIndex={row.isActive ? 0 : -1}
      data-index={index}
      style={{ top, height }}
      onFocus={() => {
        row.onFocus(index)
      }}
    >
      {transactionKey === null ? (
        <span role="gridcell" className={styles.coming}>
          <Hidden>{t(uiMessages.loading)}</Hidden>
        </span>
      ) : (
        <Cells transactionKey={transactionKey} {...row} />
      )}
    </div>
  )
})

function Cells({
  transactionKey,
  isSelected,
  onToggle,
  onRevoke,
}: Pick<KeyRowProps, 'isSelected' | 'onToggle' | 'onRevoke'> & { readonly transactionKey: TransactionKey }) {
  const { t, relative, dateTime } = useTranslator()
  const now = useNow()
  const { id, label, applicationServer, lastUsedAt } = transactionKey
  const state = stateAt(transactionKey, now)
  const name = label ?? applicationServer
  return (
    <>
      <span role="gridcell" className={styles.check}>
        {onToggle !== null && (
          <RowCheckbox
            label={t(m.select, { key: name })}
            isSelected={isSelected}
            onToggle={() => {
              onToggle(transactionKey)
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
        {lastUsedAt === null ? (
          t(keyMessages.never)
        ) : (
          <time dateTime={lastUsedAt.toISOString()} title={dateTime(lastUsedAt)}>
            {relative(lastUsedAt, now)}
          </time>
        )}
      </span>
      <span role="gridcell" className={styles.actions}>
        {state === 'ACTIVE' && onRevoke !== null && (
          <IconLink to={`/keys/${id}#use`} icon="key" label={t(m.use, { key: name })} />
        )}
        {state !== 'REVOKED' && onRevoke !== null && (
          <RowButton
            icon="stop"
            label={t(m.revoke, { key: name })}
            onPress={() => {
              onRevoke([transactionKey])
            }}
          />
        )}
        <IconLink to={`/keys/${id}`} icon="chevron" label={t(m.open, { key: name })} />
      </span>
    </>
  )
}
