import { useCallback, useEffect, useState } from 'react'
import type { TransactionKey } from '../../../index.ts'
import { selectionMax } from '../../data/key-list.ts'
import { useStore } from '../../data/store.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { useSession } from '../../session/session-context.tsx'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/display.tsx'
import { Failure } from '../../ui/failure.tsx'
import { Loading } from '../../ui/loading.tsx'
import { Page } from '../../ui/page.tsx'
import { useAction } from '../../ui/use-action.ts'
import { BulkDialogs, type Bulk } from './bulk-dialogs.tsx'
import { CreateKeyDialog } from './create-key.tsx'
import { KeySummary } from './key-summary.tsx'
import { KeyTable } from './key-table.tsx'
import { KeyToolbar } from './key-toolbar.tsx'
import { keysPageMessages as m } from './keys-page.messages.ts'
import { useKeyQuery } from './use-key-query.ts'

/** The selected keys by id: what is selected stays so when it scrolls out of what was read. */
export type Selection = ReadonlyMap<string, TransactionKey>

export function Keys() {
  const { t } = useTranslator()
  const { keys: list, owner } = useSession()
  const state = useStore(list.state)
  const { query, setQuery, opensNew } = useKeyQuery()
  const [selection, setSelection] = useState<Selection>(new Map())
  const [bulk, setBulk] = useState<Bulk | null>(null)
  const revoke = useCallback((keys: readonly TransactionKey[]) => {
    setBulk({ kind: 'revoke', keys })
  }, [])
  const [isCreating, setCreating] = useState(opensNew)
  useEffect(() => {
    list.setQuery(query)
    list.ensure()
  }, [list, query])
  const selectAll = useAction(async () => {
    const found = await list.readAll()
    setSelection(new Map(found.slice(0, selectionMax).map((key) => [key.id, key])))
  })

  const { totalCount, totals, error } = state
  const isEmpty = totals?.ALL === 0 && query.search === ''
  const create = owner !== null && (
    <Button
      kind="primary"
      icon="plus"
      onPress={() => {
        setCreating(true)
      }}
    >
      {t(m.create)}
    </Button>
  )
  return (
    <Page title={t(m.title)} actions={create}>
      {error !== null && <Failure error={error} onRetry={() => void list.reload()} />}
      {selectAll.error !== null && <Failure error={selectAll.error} onRetry={selectAll.run} />}
      {totalCount === null && error === null && <Loading />}
      {totalCount !== null && !isEmpty && (
        <>
          <KeyToolbar query={query} totals={totals} onChange={setQuery} />
          <KeySummary
            state={state}
            selection={selection}
            onBulk={setBulk}
            onClear={() => {
              setSelection(new Map())
            }}
          />
        </>
      )}
      {isEmpty && (
        <EmptyState icon="key" title={t(m.emptyTitle)} actions={create}>
          {t(m.emptyText)}
        </EmptyState>
      )}
      {totalCount === 0 && !isEmpty && (
        <EmptyState
          icon="search"
          title={t(m.nothingTitle)}
          actions={
            <Button
              onPress={() => {
                setQuery({ search: '', state: null })
              }}
            >
              {t(m.clearFilter)}
            </Button>
          }
        >
          {t(m.nothingText)}
        </EmptyState>
      )}
      {totalCount !== null && totalCount > 0 && (
        <KeyTable
          state={state}
          selection={selection}
          isSelecting={selectAll.isPending}
          onNeed={(first, end) => {
            list.need(first, end)
          }}
          onSort={(sort) => {
            setQuery({ sort })
          }}
          onSelect={owner === null ? null : setSelection}
          onSelectAll={selectAll.run}
          onRevoke={owner === null ? null : revoke}
        />
      )}
      {owner !== null && (
        <>
          <CreateKeyDialog
            owner={owner}
            isOpen={isCreating}
            onClose={() => {
              setCreating(false)
            }}
          />
          <BulkDialogs
            owner={owner}
            bulk={bulk}
            onClose={() => {
              setBulk(null)
            }}
            onDone={() => {
              setSelection(new Map())
              void list.reload()
            }}
          />
        </>
      )}
    </Page>
  )
}
