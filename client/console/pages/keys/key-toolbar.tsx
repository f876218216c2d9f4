import { transactionKeySorts, type TransactionKeySort } from '../../../index.ts'
import type { KeyQuery } from '../../data/key-query.ts'
import type { KeyTotals } from '../../data/key-totals.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import type { Message } from '../../i18n/messages.ts'
import { stateNames } from '../../keys/key-parts.tsx'
import { Segments, Select } from '../../ui/choice.tsx'
import { SearchField } from '../../ui/field.tsx'
import styles from './keys.module.css'
import { keysPageMessages as m } from './keys-page.messages.ts'

const states = ['ALL', 'ACTIVE', 'PENDING', 'EXPIRED', 'REVOKED'] as const

const sortNames: Readonly<Record<TransactionKeySort, Message>> = {
  NEWEST: m.sortNEWEST,
  OLDEST: m.sortOLDEST,
  EXPIRING_FIRST: m.sortEXPIRING_FIRST,
  LAST_USED: m.sortLAST_USED,
  MOST_USED: m.sortMOST_USED,
  NAME: m.sortNAME,
}

/** Which keys are shown, with how many there are in each state of those that the search finds. */
export function KeyToolbar({
  query,
  totals,
  onChange,
}: {
  readonly query: KeyQuery
  readonly totals: KeyTotals | null
  readonly onChange: (changes: Partial<KeyQuery>) => void
}) {
  const { t, number } = useTranslator()
  return (
    <div className={styles.bar}>
      <SearchField
        label={t(m.search)}
        value={query.search}
        onChange={(search) => {
          onChange({ search })
        }}
      />
      <Segments
        label={t(m.filterState)}
        value={query.state ?? 'ALL'}
        options={states.map((value) => {
          const name = t(value === 'ALL' ? m.all : stateNames[value])
          return { value, label: totals === null ? name : `${name} ${number(totals[value])}` }
        })}
        onChange={(value) => {
          onChange({ state: value === 'ALL' ? null : value })
        }}
      />
      <Select
        label={t(m.sort)}
        isLabelHidden
        value={query.sort}
        options={transactionKeySorts.map((value) => ({ value, label: t(sortNames[value]) }))}
        onChange={(sort) => {
          onChange({ sort })
        }}
      />
    </div>
  )
}
