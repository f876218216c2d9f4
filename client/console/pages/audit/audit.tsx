import { useState } from 'react'
import { Link } from 'wouter'
import {
  auditActions,
  type AuditAction,
  type AuditReport,
  type ManagementKeyDescription,
} from '../../../index.ts'
import { readAuditLog, type NamedAuditEntry } from '../../data/audit-log.ts'
import { useResource } from '../../data/resource.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { useSession } from '../../session/session-context.tsx'
import { Button } from '../../ui/button.tsx'
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
import { FilterBar } from './filter-bar.tsx'
import { useAuditFilter } from './use-audit-filter.ts'
import { useAuditLog } from './use-audit-log.ts'

/** The account's audit log, to be filtered, exported and checked. The filter stands in the address. */
export function Audit() {
  const { t } = useTranslator()
  const { viewer, account } = useSession()
  const { choice, choose, filter } = useAuditFilter()
  const devices = useResource(account).data?.managementKeys ?? []
  const log = useAuditLog(filter)
  const exportAs = (ending: 'csv' | 'jsonl') => async () => {
    const entries = await readAuditLog(viewer, filter)
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
      <FilterBar choice={choice} choose={choose} devices={devices} />
      {error !== null && <Failure error={error} />}
      {log.entries === null && error === null && <Loading />}
      {log.entries?.length === 0 && (
        <EmptyState icon="list" title={t(m.emptyTitle)}>
          {t(m.emptyText)}
        </EmptyState>
      )}
      {log.entries !== null && log.entries.length > 0 && <Entries entries={log.entries} devices={devices} />}
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

function Entries({
  entries,
  devices,
}: {
  readonly entries: readonly NamedAuditEntry[]
  readonly devices: readonly ManagementKeyDescription[]
}) {
  const { t, dateTime } = useTranslator()
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
                {isAuditAction(entry.action) ? t(m[entry.action]) : entry.action}
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
                <time dateTime={entry.occurredAt.toISOString()}>{dateTime(entry.occurredAt)}</time>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Later versions of the key server may know more actions. */
function isAuditAction(action: string): action is AuditAction {
  return auditActions.some((known) => known === action)
}
