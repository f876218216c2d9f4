import type { TransactionKey, TransactionKeyState } from '../../index.ts'
import { stateAt } from '../data/key-query.ts'
import { useTranslator } from '../i18n/i18n-context.tsx'
import type { Message } from '../i18n/messages.ts'
import { Badge, Bar, type Tone } from '../ui/display.tsx'
import { useNow } from '../ui/use-now.ts'
import { keyMessages } from './keys.messages.ts'

export const stateNames: Readonly<Record<TransactionKeyState, Message>> = {
  ACTIVE: keyMessages.stateACTIVE,
  PENDING: keyMessages.statePENDING,
  EXPIRED: keyMessages.stateEXPIRED,
  REVOKED: keyMessages.stateREVOKED,
}

const stateTones: Readonly<Record<TransactionKeyState, Tone>> = {
  ACTIVE: 'ok',
  PENDING: 'info',
  EXPIRED: 'warn',
  REVOKED: 'bad',
}

export function StateBadge({ transactionKey }: { readonly transactionKey: TransactionKey }) {
  const { t } = useTranslator()
  const state = stateAt(transactionKey, useNow())
  if (transactionKey.trustError !== null) return <Badge tone="bad">{t(keyMessages.unconfirmed)}</Badge>
  return <Badge tone={stateTones[state]}>{t(stateNames[state])}</Badge>
}

/** How much of the term is over. */
export function TermBar({ transactionKey }: { readonly transactionKey: TransactionKey }) {
  const { t, relative } = useTranslator()
  const now = useNow()
  const { expiresAt, createdAt, notBefore, revokedAt } = transactionKey
  if (revokedAt !== null) {
    return (
      <Bar fraction={1} tone="neutral">
        {t(keyMessages.termRevoked, { when: relative(revokedAt, now) })}
      </Bar>
    )
  }
  if (expiresAt === null) {
    return (
      <Bar fraction={0} tone="neutral">
        {t(keyMessages.noEnd)}
      </Bar>
    )
  }
  const begin = (notBefore ?? createdAt).getTime()
  const fraction = (now - begin) / Math.max(1, expiresAt.getTime() - begin)
  const isOver = expiresAt.getTime() <= now
  const tone = isOver ? 'bad' : expiresAt.getTime() - now < soonMs ? 'warn' : 'ok'
  return (
    <Bar fraction={fraction} tone={tone}>
      {t(isOver ? keyMessages.termEnded : keyMessages.termEnds, { when: relative(expiresAt, now) })}
    </Bar>
  )
}

/** A week. */
const soonMs = 7 * 86_400_000

/** How many of the allowed uses are used. */
export function UsesBar({ transactionKey }: { readonly transactionKey: TransactionKey }) {
  const { t } = useTranslator()
  const { useCount, maxUses, refusedCount } = transactionKey
  if (maxUses === null) {
    return (
      <Bar fraction={0} tone="neutral">
        {t(keyMessages.noLimit, { count: useCount })}
      </Bar>
    )
  }
  const isOver = useCount > maxUses || refusedCount > 0
  const fraction = maxUses === 0 ? 1 : useCount / maxUses
  const tone = isOver ? 'bad' : fraction >= 0.8 ? 'warn' : 'ok'
  const used = useCount + refusedCount
  return (
    <Bar fraction={isOver ? 1 : fraction} tone={tone}>
      {t(isOver ? keyMessages.over : keyMessages.of, { used, max: maxUses })}
    </Bar>
  )
}
