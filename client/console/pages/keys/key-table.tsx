import {
  useCallback,
  useEffect,
  useEffectEvent,
  useRef,
  useState,
  type Dispatch,
  type KeyboardEvent,
  type ReactNode,
  type SetStateAction,
} from 'react'
import { useLocation } from 'wouter'
import type { TransactionKey, TransactionKeySort } from '../../../index.ts'
import { keyAt, selectionMax, type KeyListState } from '../../data/key-list.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { keyMessages } from '../../keys/keys.messages.ts'
import { usePreferences } from '../../theme/preferences.ts'
import { Checkbox } from '../../ui/choice.tsx'
import { Icon } from '../../ui/icon.tsx'
import { useMedia } from '../../ui/use-media.ts'
import { KeyRow } from './key-row.tsx'
import type { Selection } from './keys.tsx'
import styles from './keys.module.css'
import { keysPageMessages } from './keys-page.messages.ts'
import { useWindowRows, type WindowRows } from './use-window-rows.ts'

export interface KeyTableProps {
  readonly state: KeyListState
  readonly selection: Selection
  /** All that were found are being read, to be selected. */
  readonly isSelecting: boolean
  /** Told which rows are looked at: the first one, and the one after the last. */
  readonly onNeed: (first: number, end: number) => void
  readonly onSort: (sort: TransactionKeySort) => void
  /** Null, as `onRevoke`: this page only looks. */
  readonly onSelect: Dispatch<SetStateAction<Selection>> | null
  readonly onSelectAll: () => void
  readonly onRevoke: ((keys: readonly TransactionKey[]) => void) | null
}

/** Heights in pixels, for wide and narrow windows: rows of one height need no measuring. */
const rowHeights = { comfortable: 60, compact: 44, narrow: 104 }

/**
 * The keys as a grid (WAI-ARIA): arrows, Home, End and Page keys move between rows, Enter opens, Space selects. Only the
 * rows in the window are in the document.
 */
export function KeyTable({ state, selection, onNeed, onSort, onSelect, onRevoke, ...all }: KeyTableProps) {
  const { t } = useTranslator()
  const { density } = usePreferences()
  const [, navigate] = useLocation()
  const isNarrow = useMedia('(width < 48rem)')
  const rowHeight = isNarrow ? rowHeights.narrow : rowHeights[density]
  const count = state.totalCount ?? 0
  const { sort } = state.query
  const rows = useWindowRows({ count, rowHeight })
  const { first, end } = rows
  const { activeIndex, setActive, moveTo } = useActiveRow(rows, count)
  const needNow = useEffectEvent(onNeed)
  const { query } = state
  useEffect(() => {
    needNow(first, end)
  }, [first, end, query])

  const toggle = useCallback(
    (key: TransactionKey) => {
      onSelect?.((selected) => {
        const next = new Map(selected)
        if (!next.delete(key.id)) next.set(key.id, key)
        return next
      })
    },
    // Not of what is selected: each row would be rendered when one is.
    [onSelect],
  )
  const onKeyDown = (event: KeyboardEvent) => {
    const { target, currentTarget } = event
    // Keys pressed in a control of a row are that control's.
    const isRow = target instanceof HTMLElement && target.dataset.index !== undefined
    const key = keyAt(state, activeIndex)
    if (!isRow || key === null || !currentTarget.contains(target)) return
    const page = Math.max(1, Math.floor(innerHeight / rowHeight) - 3)
    const moves: Partial<Record<string, number>> = {
      ArrowDown: activeIndex + 1,
      ArrowUp: activeIndex - 1,
      PageDown: activeIndex + page,
      PageUp: activeIndex - page,
      Home: 0,
      End: count - 1,
    }
    const move = moves[event.key]
    if (move !== undefined) moveTo(move)
    else if (event.key === 'Enter') navigate(`/keys/${key.id}`)
    else if (event.key === ' ' && onSelect !== null) toggle(key)
    else return
    event.preventDefault()
  }

  const isAllSelected = selection.size > 0 && selection.size >= Math.min(count, selectionMax)
  const indexes = Array.from({ length: Math.max(0, end - first) }, (_, offset) => first + offset)
  if (activeIndex >= 0 && (activeIndex < first || activeIndex >= end)) indexes.push(activeIndex)
  return (
    <div
      className={styles.table}
      role="grid"
      aria-label={t(keysPageMessages.table)}
      aria-rowcount={count + 1}
      aria-multiselectable={onSelect !== null}
      onKeyDown={onKeyDown}
    >
      <TableHead sort={sort} onSort={onSort}>
        {onSelect !== null && (
          <Checkbox
            label={t(keysPageMessages.selectAll)}
            isSelected={isAllSelected}
            isIndeterminate={all.isSelecting || (!isAllSelected && selection.size > 0)}
            onChange={(isSelected) => {
              if (isSelected) all.onSelectAll()
              else onSelect(new Map())
            }}
          />
        )}
      </TableHead>
      <div ref={rows.ref} className={styles.rows} role="rowgroup" style={{ height: count * rowHeight }}>
        {indexes.map((index) => {
          const key = keyAt(state, index)
          return (
            <KeyRow
              key={index}
              transactionKey={key}
              index={index}
              top={index * rowHeight}
              height={rowHeight}
              isActive={index === activeIndex}
              isSelected={key !== null && selection.has(key.id)}
              onFocus={setActive}
              onToggle={onSelect === null ? null : toggle}
              onRevoke={onRevoke}
            />
          )
        })}
      </div>
    </div>
  )
}

/** The row that the keyboard acts on. It has the focus once it is moved to, as soon as it is in the document. */
function useActiveRow({ ref, first, end, reveal }: WindowRows, count: number) {
  const [active, setActive] = useState(0)
  const focusNext = useRef(false)
  const activeIndex = Math.min(active, count - 1)
  useEffect(() => {
    if (!focusNext.current) return
    focusNext.current = false
    ref.current?.querySelector<HTMLElement>(`[data-index="${String(activeIndex)}"]`)?.focus()
  }, [activeIndex, first, end, ref])
  const moveTo = (index: number) => {
    const next = Math.max(0, Math.min(count - 1, index))
    focusNext.current = true
    setActive(next)
    reveal(next)
  }
  return { activeIndex, setActive, moveTo }
}

function TableHead({
  sort,
  onSort,
  children,
}: {
  readonly sort: TransactionKeySort
  readonly onSort: (sort: TransactionKeySort) => void
  /** The head of the column that selects. */
  readonly children: ReactNode
}) {
  const { t } = useTranslator()
  return (
    <div role="rowgroup">
      <div className={styles.head} role="row" aria-rowindex={1}>
        <span role="columnheader" aria-label={t(keysPageMessages.selectAll)}>
          {children}
        </span>
        <SortHeader name={t(keysPageMessages.key)} by="NAME" {...{ sort, onSort }} />
        <span role="columnheader">{t(keysPageMessages.state)}</span>
        <SortHeader name={t(keyMessages.term)} by="EXPIRING_FIRST" {...{ sort, onSort }} />
        <SortHeader name={t(keyMessages.uses)} by="MOST_USED" {...{ sort, onSort }} />
        <SortHeader
          name={t(keyMessages.lastUsed)}
          by="LAST_USED"
          className={styles.when}
          {...{ sort, onSort }}
        />
        <span role="columnheader" className={styles.actions}>
          {t(keysPageMessages.actions)}
        </span>
      </div>
    </div>
  )
}

function SortHeader({
  name,
  by,
  sort,
  onSort,
  className,
}: {
  readonly name: string
  readonly by: TransactionKeySort
  readonly sort: TransactionKeySort
  readonly onSort: (sort: TransactionKeySort) => void
  readonly className?: string
}) {
  const isActive = sort === by
  const direction = by === 'NAME' || by === 'EXPIRING_FIRST' ? 'ascending' : 'descending'
  return (
    <span role="columnheader" className={className} aria-sort={isActive ? direction : 'none'}>
      <button
        type="button"
        className={styles.sort}
        data-active={isActive || undefined}
        onClick={() => {
          onSort(isActive ? 'NEWEST' : by)
        }}
      >
        {name}
        {isActive && <Icon name="chevron" size={12} />}
      </button>
    </span>
  )
}
