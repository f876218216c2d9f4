import type { ReactNode } from 'react'
import { cx } from './cx.ts'
import styles from './display.module.css'
import { Icon, type IconName } from './icon.tsx'

export type Tone = 'neutral' | 'ok' | 'warn' | 'bad' | 'info'

export function Badge({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return <span className={cx(styles.badge, tone !== 'neutral' && styles[tone])}>{children}</span>
}

const barTones = { neutral: undefined, info: undefined, ok: 'barOk', warn: 'barWarn', bad: 'barBad' } as const

/** A bar that is full to `fraction`, 0 to 1, and says in words what it shows. */
export function Bar({
  fraction,
  tone,
  children,
}: {
  readonly fraction: number
  readonly tone: Tone
  readonly children: ReactNode
}) {
  const width = Math.min(100, Math.max(0, fraction * 100))
  const name = barTones[tone]
  return (
    <span className={cx(styles.bar, name && styles[name])}>
      <span>{children}</span>
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect width={width} height="6" />
      </svg>
    </span>
  )
}

export interface Fact {
  readonly name: string
  readonly value: ReactNode
}

/** Names and values, one below the other. */
export function Facts({ facts }: { readonly facts: readonly (Fact | false)[] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(
        (fact) =>
          fact !== false && (
            <FactRow key={fact.name} name={fact.name}>
              {fact.value}
            </FactRow>
          ),
      )}
    </dl>
  )
}

function FactRow({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}

const noticeTones = {
  neutral: undefined,
  info: undefined,
  ok: 'noticeOk',
  warn: 'noticeWarn',
  bad: 'noticeBad',
} as const

const noticeIcons = { neutral: 'shield', info: 'shield', ok: 'check', warn: 'alert', bad: 'alert' } as const

export function Notice({
  tone = 'info',
  title,
  children,
  isLive = false,
}: {
  readonly tone?: Tone
  readonly title?: string
  readonly children?: ReactNode
  /** It appears while one works, and is to be read out then. */
  readonly isLive?: boolean
}) {
  const name = noticeTones[tone]
  const role = isLive ? (tone === 'bad' ? 'alert' : 'status') : undefined
  return (
    <div className={cx(styles.notice, name && styles[name])} role={role}>
      <Icon name={noticeIcons[tone]} size={20} />
      {title !== undefined && <strong>{title}</strong>}
      {children !== undefined && <div>{children}</div>}
    </div>
  )
}

export function EmptyState({
  icon,
  title,
  children,
  actions,
}: {
  readonly icon: IconName
  readonly title: string
  readonly children?: ReactNode
  readonly actions?: ReactNode
}) {
  return (
    <div className={styles.empty}>
      <Icon name={icon} />
      <h2>{title}</h2>
      {children !== undefined && <p>{children}</p>}
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </div>
  )
}
