import { Link, useParams } from 'wouter'
import type { TransactionKey } from '../../../index.ts'
import { stateAt } from '../../data/key-query.ts'
import { useResource } from '../../data/resource.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { algorithmNames, algorithmOf } from '../../keys/algorithm.ts'
import { keyMessages } from '../../keys/keys.messages.ts'
import { StateBadge, TermBar, UsesBar } from '../../keys/key-parts.tsx'
import { termsMessages } from '../../keys/terms.messages.ts'
import { useSession } from '../../session/session-context.tsx'
import { CopyableId } from '../../ui/copy.tsx'
import { EmptyState, Facts, Notice } from '../../ui/display.tsx'
import { errorMessages } from '../../ui/errors.messages.ts'
import { Failure } from '../../ui/failure.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Loading } from '../../ui/loading.tsx'
import { Card, Columns, Page, Row, Stack } from '../../ui/page.tsx'
import { useNow } from '../../ui/use-now.ts'
import { deviceNameOf } from '../devices/device-name-of.ts'
import { KeyActions } from './key-actions.tsx'
import styles from './key.module.css'
import { keyPageMessages as m } from './key.messages.ts'
import { PublicKeyCard } from './public-key-card.tsx'
import { UseCard } from './use-card.tsx'
import { UsesChart } from './uses-chart.tsx'

export function KeyDetails() {
  const { t } = useTranslator()
  const { id } = useParams<{ id: string }>()
  const session = useSession()
  const resource = session.key(id)
  const { data, error } = useResource(resource)
  if (data === undefined) {
    return error === null ? <Loading /> : <Failure error={error} onRetry={() => void resource.reload()} />
  }
  if (data === null) {
    return (
      <EmptyState icon="search" title={t(m.notFoundTitle)}>
        {t(m.notFoundText)}
      </EmptyState>
    )
  }
  return <Details transactionKey={data} />
}

function Details({ transactionKey }: { readonly transactionKey: TransactionKey }) {
  const { t } = useTranslator()
  const { owner } = useSession()
  const { label, applicationServer, trustError } = transactionKey
  const isActive = stateAt(transactionKey, useNow()) === 'ACTIVE'
  return (
    <Page
      title={label ?? applicationServer}
      lead={
        <Row>
          <StateBadge transactionKey={transactionKey} />
          {label !== null && <span>{applicationServer}</span>}
          <Link to="/keys" className={styles.back ?? ''}>
            <Icon name="chevron" size={14} />
            {t(m.back)}
          </Link>
        </Row>
      }
      actions={owner !== null && <KeyActions owner={owner} transactionKey={transactionKey} />}
    >
      {trustError !== null && (
        <Notice tone="bad" title={t(m.unconfirmedTitle)}>
          {t(errorMessages[trustError])}
        </Notice>
      )}
      <Columns>
        <Stack>
          <Card>
            <div className={styles.bars}>
              <div>
                <h2>{t(keyMessages.term)}</h2>
                <TermBar transactionKey={transactionKey} />
              </div>
              <div>
                <h2>{t(keyMessages.uses)}</h2>
                <UsesBar transactionKey={transactionKey} />
              </div>
            </div>
          </Card>
          {owner !== null && <UseCard owner={owner} transactionKey={transactionKey} isActive={isActive} />}
          <UsesChart
            id={transactionKey.id}
            useCount={transactionKey.useCount + transactionKey.refusedCount}
          />
          {transactionKey.publicKey !== null && (
            <PublicKeyCard publicKey={transactionKey.publicKey} name={label ?? applicationServer} />
          )}
        </Stack>
        <FactsCard transactionKey={transactionKey} />
      </Columns>
    </Page>
  )
}

function FactsCard({ transactionKey: key }: { readonly transactionKey: TransactionKey }) {
  const { t, dateTime, relative } = useTranslator()
  const { account } = useSession()
  const { data } = useResource(account)
  const algorithm = algorithmOf(key)
  const holders = key.wrappedFor.map((id) => {
    const holder = data?.managementKeys.find((device) => device.id === id)
    return holder === undefined ? t(m.otherDevice) : deviceNameOf(holder, t)
  })
  return (
    <Card title={t(m.facts)}>
      <Facts
        facts={[
          { name: t(m.server), value: key.applicationServer },
          { name: t(m.kind), value: algorithm === null ? '–' : t(algorithmNames[algorithm]) },
          { name: t(m.created), value: dateTime(key.createdAt) },
          key.expiresAt !== null && { name: t(termsMessages.endsOn), value: dateTime(key.expiresAt) },
          {
            name: t(keyMessages.lastUsed),
            value: key.lastUsedAt === null ? t(keyMessages.never) : relative(key.lastUsedAt),
          },
          key.maxUses !== null && {
            name: t(m.policy),
            value: `${t(termsMessages[key.overusePolicy])}${
              key.refusedCount > 0 ? ` (${t(m.refused, { count: key.refusedCount })})` : ''
            }`,
          },
          key.revokedAt !== null && { name: t(m.revokedAt), value: dateTime(key.revokedAt) },
          { name: t(m.openableBy), value: holders.length === 0 ? '–' : holders.join(', ') },
          key.trustError === null && { name: t(m.certificate), value: t(m.certificateChecked) },
          key.thumbprint !== null && {
            name: t(m.thumbprint),
            value: <CopyableId text={key.thumbprint} name={t(m.thumbprint)} />,
          },
          { name: t(m.id), value: <CopyableId text={key.id} name={t(m.id)} /> },
        ]}
      />
    </Card>
  )
}
