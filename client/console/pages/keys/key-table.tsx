import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { useLocation } from 'wouter'
import type { TransactionKey } from '../../../index.ts'
import type { KeySort } from '../../data/key-query.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { keyMessages } from '../../keys/keys.messages.ts'
import { usePreferences } from '../../theme/preferences.ts'
import { Checkbox } from '../../ui/choice.tsx'
import { Icon } from '../../ui/icon.tsx'
import { useMedia } from '../../ui/use-media.ts'
import { KeyRow } from './key-row.tsx'
import styles from './keys.module.css'
import { keysPageMessages } from './keys-page.messages.ts'
import { useWindowRows } from './use-window-rows.ts'

export interface KeyTableProps {
  readonly keys: readonly TransactionKey[]
  readonly sort: KeySort
  readonly onSort: (sort: KeySort) => void
  readonly selected: ReadonlySet<string>
  readonly onSelect: (selected: ReadonlySet<string>) => void
  /** Absent: this page only looks. */
  readonly onRevoke: ((keys: readonly TransactionKey[]) => void) | null
}

/** Heights in pixels, for wide and narrow windows: rows of one height need no measuring. */
const rowHeights = { comfortable: 60, compact: 44, narrow: 104 }

/**
 * The keys as a grid (WAI-ARIA): arrows, Home, End and Page keys move between rows, Enter opens, Space selects. Only the
 * rows in the window are in the document.
 */
export function KeyTable({ keys, sort, onSort, selected, onSelect, onRevoke }: KeyTableProps) {
  const { t } = useTranslator()
  const { density } = usePreferences()
  const [, navigate] = useLocation()
  const isNarrow = useMedia('(width < 48rem)')
  const rowHeight = isNarrow ? rowHeights.narrow : rowHeights[density]
  const { ref, first, end, reveal } = useWindowRows({ count: keys.length, rowHeight })
  const [active, setActive] = useState(0)
  const focusNext = useRef(false)
  const activeIndex = Math.min(active, keys.length - 1)

  useEffect(() => {
    if (!focusNext.current) return
    focusNext.current = false
    ref.current?.querySelector<HTMLElement>(`[data-index="${String(activeIndex)}"]`)?.focus()
  }, [activeIndex, first, end, ref])

  const moveTo = (index: number) => {
    const next = Math.max(0, Math.min(keys.length - 1, index))
    focusNext.current = true
    setActive(next)
    reveal(next)
  }
  const toggle = (id: string) => {
    const next = new Set(selected)
    if (!next.delete(id)) next.add(id)
    onSelect(next)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const { target, currentTarget } = event
    // Keys pressed in a control of a row are that control's.
    const isRow = target instanceof HTMLElement && target.dataset.index !== undefined
    const key = keys[activeIndex]
    if (!isRow || key === undefined || !currentTarget.contains(target)) return
    const page = Math.max(1, Math.floor(innerHeight / rowHeight) - 3)
    const moves: Partial<Record<string, number>> = {
      ArrowDown: activeIndex + 1,
      ArrowUp: activeIndex - 1,
      PageDown: activeIndex + page,
      PageUp: activeIndex - page,
      Home: 0,
      End: keys.length - 1,
    }
    const move = moves[event.key]
    if (move !== undefined) moveTo(move)
    else if (event.key === 'Enter') navigate(`/keys/${key.id}`)
    else if (event.key === ' ' && onRevoke !== null) toggle(key.id)
    else return
    event.preventDefault()
  }

  const isAllSelected = keys.length > 0 && keys.every(({ id }) => selected.has(id))
  const indexes = Array.from({ length: Math.max(0, end - first) }, (_, offset) => first + offset)
  if (activeIndex >= 0 && (activeIndex < first || activeIndex >= end)) indexes.push(activeIndex)
  return (
    <div
      className={styles.table}
      role="grid"
      aria-label={t(keysPageMessages.table)}
      aria-rowcount={keys.length + 1}
      aria-multiselectable={onRevoke !== null}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup">
        <div className={styles.head} role="row" aria-rowindex={1}>
          <span role="columnheader" aria-label={t(keysPageMessages.selectAll)}>
            {onRevoke !== null && (
              <Checkbox
                label={t(keysPageMessages.selectAll)}
                isSelected={isAllSelected}
                isIndeterminate={!isAllSelected && selected.size > 0}
                onChange={(isSelected) => {
                  onSelect(new Set(isSelected ? keys.map(({ id }) => id) : []))
                }}
              />
            )}
          </span>
          <SortHeader name={t(keysPageMessages.key)} by="name" {...{ sort, onSort }} />
          <span role="columnheader">{t(keysPageMessages.state)}</span>
          <SortHeader name={t(keyMessages.term)} by="expiring" {...{ sort, onSort }} />
          <SortHeader name={t(keyMessages.uses)} by="mostUsed" {...{ sort, onSort }} />
          <SortHeader
            name={t(keyMessages.lastUsed)}
            by="lastUsed"
            className={styles.when}
            {...{ sort, onSort }}
          />
          <span role="columnheader" className={styles.actions}>
            {t(keysPageMessages.actions)}
          </span>
        </div>
      </div>
      <div ref={ref} className={styles.rows} role="rowgroup" style={{ height: keys.length * rowHeight }}>
        {indexes.map((index) => {
          const key = keys[index]
          return (
            key !== undefined && (
              <KeyRow
                key={key.id}
                transactionKey={key}
                index={index}
                top={index * rowHeight}
                height={rowHeight}
                isActive={index === activeIndex}
                isSelected={selected.has(key.id)}
                onFocus={setActive}
                onToggle={onRevoke === null ? null : toggle}
                onRevoke={onRevoke}
              />
            )
          )
        })}
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
  readonly by: KeySort
  readonly sort: KeySort
  readonly onSort: (sort: KeySort) => void
  readonly className?: string
}) {
  const isActive = sort === by
  const direction = by === 'name' || by === 'expiring' ? 'ascending' : 'descending'
  return (
    <span role="columnheader" className={className} aria-sort={isActive ? direction : 'none'}>
      <button
        type="button"
        className={styles.sort}
        data-active={isActive || undefined}
        onClick={() => {
          onSort(isActive ? 'newest' : by)
        }}
      >
        {name}
        {isActive && <Icon name="chevron" size={12} />}
      </button>
    </span>
  )
}
