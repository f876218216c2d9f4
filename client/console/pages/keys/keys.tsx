import { useDeferredValue, useEffect, useMemo, useState } from 'react'
import { useSearchParams } from 'wouter'
import type { TransactionKey, TransactionKeyState } from '../../../index.ts'
import { countStates, keySorts, queryKeys, type KeySort } from '../../data/key-query.ts'
import { useStore } from '../../data/store.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import type { Message } from '../../i18n/messages.ts'
import { stateNames } from '../../keys/key-parts.tsx'
import { RevokeDialog } from '../../keys/revoke-dialog.tsx'
import { useSession } from '../../session/session-context.tsx'
import { Button } from '../../ui/button.tsx'
import { Segments, Select } from '../../ui/choice.tsx'
import { EmptyState } from '../../ui/display.tsx'
import { Failure } from '../../ui/failure.tsx'
import { SearchField } from '../../ui/field.tsx'
import { Loading } from '../../ui/loading.tsx'
import { Page } from '../../ui/page.tsx'
import { useNow } from '../../ui/use-now.ts'
import { CreateKeyDialog } from './create-key.tsx'
import { KeyTable } from './key-table.tsx'
import styles from './keys.module.css'
import { keysPageMessages as m } from './keys-page.messages.ts'

const states = ['ALL', 'ACTIVE', 'PENDING', 'EXPIRED', 'REVOKED'] as const

const sortNames: Readonly<Record<KeySort, Message>> = {
  newest: m.sortnewest,
  oldest: m.sortoldest,
  expiring: m.sortexpiring,
  lastUsed: m.sortlastUsed,
  mostUsed: m.sortmostUsed,
  name: m.sortname,
}

export function Keys() {
  const { t, number } = useTranslator()
  const { keys: list, owner } = useSession()
  const { keys, totalCount, isComplete, isLoading, error } = useStore(list.state)
  const { query, setQuery, opensNew } = useKeyQuery()
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [revoking, setRevoking] = useState<readonly TransactionKey[]>([])
  const [isCreating, setCreating] = useState(opensNew)
  const now = useNow()
  useEffect(() => {
    list.ensure()
  }, [list])

  const search = useDeferredValue(query.search)
  const { state, sort } = query
  const found = useMemo(() => queryKeys(keys, { search, state, sort }, now), [keys, search, state, sort, now])
  const counts = useMemo(() => countStates(keys, now), [keys, now])
  const chosen = useMemo(() => keys.filter(({ id }) => selected.has(id)), [keys, selected])
  const isEmpty = totalCount === 0

  return (
    <Page
      title={t(m.title)}
      actions={
        owner !== null && (
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
      }
    >
      {error !== null && <Failure error={error} onRetry={() => void list.reload()} />}
      {!isEmpty && totalCount !== null && (
        <>
          <div className={styles.bar}>
            <SearchField
              label={t(m.search)}
              value={query.search}
              onChange={(text) => {
                setQuery({ search: text })
              }}
            />
            <Segments
              label={t(m.filterState)}
              value={state ?? 'ALL'}
              options={states.map((value) => ({
                value,
                label:
                  value === 'ALL'
                    ? `${t(m.all)} ${number(keys.length)}`
                    : `${t(stateNames[value])} ${number(counts[value])}`,
              }))}
              onChange={(value) => {
                setQuery({ state: value === 'ALL' ? null : value })
              }}
            />
            <Select
              label={t(m.sort)}
              isLabelHidden
              value={sort}
              options={keySorts.map((value) => ({ value, label: t(sortNames[value]) }))}
              onChange={(value) => {
                setQuery({ sort: value })
              }}
            />
          </div>
          <div className={styles.summary}>
            {chosen.length > 0 ? (
              <span className={styles.selection}>
                {t(m.selected, { count: chosen.length })}
                <Button
                  kind="danger"
                  icon="stop"
                  onPress={() => {
                    setRevoking(chosen.filter((key) => key.state !== 'REVOKED'))
                  }}
                >
                  {t(m.revokeSelected)}
                </Button>
                <Button
                  kind="quiet"
                  onPress={() => {
                    setSelected(new Set())
                  }}
                >
                  {t(m.clear)}
                </Button>
              </span>
            ) : (
              <span role="status">
                {found.length === keys.length
                  ? t(m.found, { count: found.length })
                  : t(m.foundOf, { count: found.length, total: keys.length })}
              </span>
            )}
            {isLoading && !isComplete && (
              <span>{t(m.loadedOf, { loaded: keys.length, total: totalCount })}</span>
            )}
          </div>
        </>
      )}
      <Content
        isLoading={totalCount === null && error === null}
        isEmpty={isEmpty}
        isNothingFound={found.length === 0 && totalCount !== null}
        onCreate={
          owner === null
            ? null
            : () => {
                setCreating(true)
              }
        }
        onShowAll={() => {
          setQuery({ search: '', state: null })
        }}
      />
      {found.length > 0 && (
        <KeyTable
          keys={found}
          sort={sort}
          onSort={(next) => {
            setQuery({ sort: next })
          }}
          selected={selected}
          onSelect={setSelected}
          onRevoke={owner === null ? null : setRevoking}
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
          <RevokeDialog
            owner={owner}
            keys={revoking}
            onClose={() => {
              setRevoking([])
            }}
            onRevoked={() => {
              setSelected(new Set())
            }}
          />
        </>
      )}
    </Page>
  )
}

interface ContentProps {
  readonly isLoading: boolean
  readonly isEmpty: boolean
  readonly isNothingFound: boolean
  readonly onCreate: (() => void) | null
  readonly onShowAll: () => void
}

/** What stands in place of rows while there are none. */
function Content({ isLoading, isEmpty, isNothingFound, onCreate, onShowAll }: ContentProps) {
  const { t } = useTranslator()
  if (isLoading) return <Loading />
  if (isEmpty) {
    return (
      <EmptyState
        icon="key"
        title={t(m.emptyTitle)}
        actions={
          onCreate !== null && (
            <Button kind="primary" icon="plus" onPress={onCreate}>
              {t(m.create)}
            </Button>
          )
        }
      >
        {t(m.emptyText)}
      </EmptyState>
    )
  }
  if (!isNothingFound) return null
  return (
    <EmptyState
      icon="search"
      title={t(m.nothingTitle)}
      actions={<Button onPress={onShowAll}>{t(m.clearFilter)}</Button>}
    >
      {t(m.nothingText)}
    </EmptyState>
  )
}

/** The query stands in the address, so that going back to the list shows what was there. */
function useKeyQuery() {
  const [params, setParams] = useSearchParams()
  const query = {
    search: params.get('search') ?? '',
    state: keyState(params.get('state')),
    sort: keySorts.find((sort) => sort === params.get('sort')) ?? 'newest',
  } as const
  const setQuery = (changes: Partial<Record<'search' | 'state' | 'sort', string | null>>) => {
    setParams(
      (current) => {
        const next = new URLSearchParams(current)
        for (const [name, value] of Object.entries(changes)) {
          if (value === null || value === '') next.delete(name)
          else next.set(name, value)
        }
        return next
      },
      { replace: true },
    )
  }
  return { query, setQuery, opensNew: params.has('new') }
}

function keyState(text: string | null): TransactionKeyState | null {
  const found = states.find((state) => state === text)
  return found === undefined || found === 'ALL' ? null : found
}
