import { Link } from 'wouter'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import styles from './timeline.module.css'
import { timelineMessages as m } from './timeline.messages.ts'
import { Muted } from '../../ui/page.tsx'
import { useNow } from '../../ui/use-now.ts'
import type { DueKey } from './due.ts'

/** Keys with the moment at which each ends, `shownMax` of them. */
export function DueList({ due, shownMax }: { readonly due: readonly DueKey[]; readonly shownMax: number }) {
  const { t, dateTime, relative } = useTranslator()
  const now = useNow()
  const hidden = due.length - shownMax
  return (
    <>
      <ol className={styles.list}>
        {due.slice(0, shownMax).map(({ transactionKey: { id, label, applicationServer }, expiresAt }) => (
          <li key={id}>
            <Link to={`/keys/${id}`}>{label ?? applicationServer}</Link>
            <time dateTime={expiresAt.toISOString()} title={dateTime(expiresAt)}>
              {relative(expiresAt, now)}
            </time>
            {label !== null && <small>{applicationServer}</small>}
          </li>
        ))}
      </ol>
      {hidden > 0 && <Muted>{t(m.more, { count: hidden })}</Muted>}
    </>
  )
}
