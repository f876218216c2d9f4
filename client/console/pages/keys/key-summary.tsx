import { selectionMax, type KeyListState } from '../../data/key-list.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { Button } from '../../ui/button.tsx'
import { bulkKinds, keysFor, type Bulk } from './bulk-dialogs.tsx'
import styles from './keys.module.css'
import type { Selection } from './keys.tsx'
import { keysPageMessages as m } from './keys-page.messages.ts'

const names = {
  term: m.termSelected,
  rotate: m.rotateSelected,
  revoke: m.revokeSelected,
  destroy: m.destroySelected,
} as const

const icons = { term: 'clock', rotate: 'rotate', revoke: 'stop', destroy: 'trash' } as const

/** How many keys were found of how many; when some are selected, what can be done with these. */
export function KeySummary({
  state: { query, totalCount, totals, isLoading },
  selection,
  onBulk,
  onClear,
}: {
  readonly state: KeyListState
  readonly selection: Selection
  readonly onBulk: (bulk: Bulk) => void
  readonly onClear: () => void
}) {
  const { t } = useTranslator()
  const found = totalCount ?? 0
  const all = totals?.ALL ?? found
  const isCut = selection.size === selectionMax && found > selectionMax
  return (
    <div className={styles.summary}>
      {selection.size > 0 ? (
        <span className={styles.selection}>
          {isCut
            ? t(m.foundMost, { count: selection.size, total: found })
            : t(m.selected, { count: selection.size })}
          {bulkKinds.map((kind) => {
            const keys = keysFor(kind, selection.values())
            return (
              <Button
                key={kind}
                kind={kind === 'term' || kind === 'rotate' ? 'secondary' : 'danger'}
                icon={icons[kind]}
                isDisabled={keys.length === 0}
                onPress={() => {
                  onBulk({ kind, keys })
                }}
              >
                {t(names[kind])}
              </Button>
            )
          })}
          <Button kind="quiet" onPress={onClear}>
            {t(m.clear)}
          </Button>
        </span>
      ) : (
        <span role="status">
          {query.state === null || found === all
            ? t(m.found, { count: found })
            : t(m.foundOf, { count: found, total: all })}
        </span>
      )}
      {isLoading && <span>{t(m.loading)}</span>}
    </div>
  )
}
