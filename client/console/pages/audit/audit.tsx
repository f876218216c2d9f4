import { useCallback, useEffect, useMemo, useState } from 'react'
import { Link, useSearchParams } from 'wouter'
import { auditActions, type AuditReport } from '../../../index.ts'
import { readAuditLog, readAuditPage, type AuditEntry, type AuditFilter } from '../../data/audit-log.ts'
import { useResource } from '../../data/resource.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { useSession } from '../../session/session-context.tsx'
import { Button } from '../../ui/button.tsx'
import { Segments, Select } from '../../ui/choice.tsx'
import { CopyableId } from '../../ui/copy.tsx'
import { Badge, EmptyState, Notice } from '../../ui/display.tsx'
import { Failure } from '../../ui/failure.tsx'
import { Loading } from '../../ui/loading.tsx'
import { Page, Row } from '../../ui/page.tsx'
import { saveFile } from '../../ui/save-file.ts'
import { useAction } from '../../ui/use-action.ts'
import { deviceNameOf } from '../devices/device-name-of.ts'
import styles from './audit.module.css'
import { auditMessages as m } from './audit.messages.ts'
import { csvOf, jsonLinesOf } from './export.ts'

const results = ['all', 'granted', 'refused'] as const

/** The account's audit log, to be filtered, exported and checked. The filter stands in the address. */
export function Audit() {
  const { t } = useTranslator()
  const { viewer } = useSession()
  const [params, setParams] = useSearchParams()
  const key = params.get('key')
  const action = auditActions.find((known) => known === params.get('action'))
  const result = results.find((known) => known === params.get('result')) ?? 'all'
  const set = (name: string, value: string | null) => {
    setParams((current) => {
      const next = new URLSearchParams(current)
      if (value === null) next.delete(name)
      else next.set(name, value)
      return next
    })
  }
  const filter = useMemo<AuditFilter>(
    () => ({
      ...(action !== undefined && { actions: [action] }),
      ...(result !== 'all' && { granted: result === 'granted' }),
      ...(key !== null && { transactionKeyId: key }),
    }),
    [action, result, key],
  )
  const log = useAuditLog(filter)
  const exportAs = (ending: 'csv' | 'jsonl') => async () => {
    const entries = await Array.fromAsync(readAuditLog(viewer, filter))
    const day = new Date().toISOString().slice(0, 10)
    saveFile(`claviger-audit-${viewer.owner}-${day}.${ending}`, {
      text: ending === 'csv' ? csvOf(entries) : jsonLinesOf(entries),
      type: ending === 'csv' ? 'text/csv' : 'application/jsonl',
    })
  }
  const csv = useAction(exportAs('csv'))
  const json = useAction(exportAs('jsonl'))
  const error = log.error ?? csv.error ?? json.error
  return (
    <Page
      title={t(m.title)}
      lead={t(m.lead)}
      actions={
        <>
          <Button icon="download" isPending={csv.isPending} onPress={csv.run}>
            {t(m.csv)}
          </Button>
          <Button icon="download" isPending={json.isPending} onPress={json.run}>
            {t(m.json)}
          </Button>
        </>
      }
    >
      <Chain />
      <Row>
        <Select
          label={t(m.action)}
          isLabelHidden
          value={action ?? 'ALL'}
          options={[
            { value: 'ALL', label: t(m.allActions) },
            ...auditActions.map((value) => ({ value, label: t(m[value]) })),
          ]}
          onChange={(value) => {
            set('action', value === 'ALL' ? null : value)
          }}
        />
        <Segments
          label={t(m.result)}
          value={result}
          options={[
            { value: 'all', label: t(m.allResults) },
            { value: 'granted', label: t(m.granted) },
            { value: 'refused', label: t(m.refused) },
          ]}
          onChange={(value) => {
            set('result', value === 'all' ? null : value)
          }}
        />
        {key !== null && (
          <Button
            icon="close"
            onPress={() => {
              set('key', null)
            }}
          >
            {t(m.allKeys)}
          </Button>
        )}
      </Row>
      {error !== null && <Failure error={error} />}
      {log.entries === null && error === null && <Loading />}
      {log.entries?.length === 0 && (
        <EmptyState icon="list" title={t(m.emptyTitle)}>
          {t(m.emptyText)}
        </EmptyState>
      )}
      {log.entries !== null && log.entries.length > 0 && <Entries entries={log.entries} />}
      {log.hasMore && (
        <Row>
          <Button isPending={log.more.isPending} onPress={log.more.run}>
            {t(m.more)}
          </Button>
        </Row>
      )}
    </Page>
  )
}

/** The entries read so far that a filter lets through. */
function useAuditLog(filter: AuditFilter) {
  const { viewer } = useSession()
  const [entries, setEntries] = useState<readonly AuditEntry[] | null>(null)
  const [endCursor, setEndCursor] = useState<string | null>(null)
  const [error, setError] = useState<unknown>(null)
  const read = useCallback(
    (after: string | null) => readAuditPage(viewer, { filter, after }),
    [viewer, filter],
  )
  useEffect(() => {
    let isCurrent = true
    setEntries(null)
    setError(null)
    read(null).then(
      (page) => {
        if (!isCurrent) return
        setEntries(page.entries)
        setEndCursor(page.endCursor)
      },
      (failure: unknown) => {
        if (isCurrent) setError(failure)
      },
    )
    return () => {
      isCurrent = false
    }
  }, [read])
  const more = useAction(async () => {
    const page = await read(endCursor)
    setEntries([...(entries ?? []), ...page.entries])
    setEndCursor(page.endCursor)
  })
  return { entries, error: error ?? more.error, hasMore: endCursor !== null, more }
}

/** Checks the whole chain here in the browser, whatever the filter shows. */
function Chain() {
  const { t } = useTranslator()
  const { viewer } = useSession()
  const [count, setCount] = useState(0)
  const [report, setReport] = useState<AuditReport | null>(null)
  const verify = useAction(async () => {
    setReport(null)
    setCount(0)
    setReport(await viewer.verifyAuditLog({ onProgress: setCount }))
  })
  const problem = report?.problems[0]?.sequence ?? null
  return (
    <>
      <Row>
        <Button kind="primary" icon="shield" isPending={verify.isPending} onPress={verify.run}>
          {t(m.chain)}
        </Button>
        {verify.isPending && <span role="status">{t(m.checking, { count })}</span>}
      </Row>
      {verify.error !== null && <Failure error={verify.error} />}
      {report?.holds === true && (
        <Notice tone="ok" title={t(m.intact, { count: report.entryCount })} isLive>
          <p>{t(m.intactText)}</p>
          {report.head !== null && (
            <CopyableId text={`${String(report.head.sequence)} ${report.head.hash}`} name={t(m.head)} />
          )}
        </Notice>
      )}
      {report?.holds === false && (
        <Notice
          tone="bad"
          title={problem === null ? t(m.headInvalid) : t(m.broken, { sequence: problem })}
          isLive
        >
          {t(m.brokenText)}
        </Notice>
      )}
    </>
  )
}

function Entries({ entries }: { readonly entries: readonly AuditEntry[] }) {
  const { t, dateTime } = useTranslator()
  const { account } = useSession()
  const devices = useResource(account).data?.managementKeys ?? []
  const nameOf = (id: string) => {
    const device = devices.find((known) => known.id === id)
    return device === undefined ? t(m.otherDevice) : deviceNameOf(device, t)
  }
  return (
    <div className={styles.scroll}>
      <table className={styles.table} aria-label={t(m.table)}>
        <thead>
          <tr>
            <th className={styles.number}>{t(m.number)}</th>
            <th>{t(m.action)}</th>
            <th>{t(m.key)}</th>
            <th>{t(m.by)}</th>
            <th>{t(m.result)}</th>
            <th>{t(m.when)}</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.id}>
              <td className={styles.number}>{entry.sequence ?? '…'}</td>
              <td className={styles.what}>
                {t(m[entry.action])}
                {entry.affectedManagementKeyId !== null && `: ${nameOf(entry.affectedManagementKeyId)}`}
              </td>
              <td>
                {entry.transactionKey === null ? (
                  '–'
                ) : (
                  <Link to={`/keys/${entry.transactionKeyId ?? ''}`}>
                    {entry.transactionKey.label ?? entry.transactionKey.applicationServer}
                  </Link>
                )}
              </td>
              <td>
                {nameOf(entry.managementKeyId)}
                {entry.address !== null && ` (${entry.address})`}
              </td>
              <td>
                <Badge tone={entry.granted ? 'ok' : 'bad'}>
                  {entry.granted ? t(m.granted) : `${t(m.refused)}: ${entry.code ?? ''}`}
                </Badge>
              </td>
              <td>
                <time dateTime={entry.occurredAt}>{dateTime(new Date(entry.occurredAt))}</time>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
