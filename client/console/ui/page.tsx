import { useEffect, useRef, type ReactNode } from 'react'
import { cx } from './cx.ts'
import styles from './display.module.css'

export interface PageProps {
  readonly title: string
  readonly lead?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
  /** For text and forms, which are hard to read when they are wide. */
  readonly isNarrow?: boolean
}

/** A page with its one heading, which has the focus after a navigation so that a screen reader says where one is. */
export function Page({ title, lead, actions, children, isNarrow = false }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Claviger`
  }, [title])
  useEffect(() => {
    if (navigations > 0) heading.current?.focus({ preventScroll: true })
    navigations += 1
  }, [])
  return (
    <div className={cx(styles.page, isNarrow && styles.narrow)}>
      <div className={styles.header}>
        <div className={styles.heading}>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead !== undefined && <div className={styles.lead}>{lead}</div>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </div>
      {children}
    </div>
  )
}

/** The first page keeps the focus where the browser put it. */
let navigations = 0

export function Card({
  title,
  actions,
  children,
}: {
  readonly title?: string
  readonly actions?: ReactNode
  readonly children: ReactNode
}) {
  return (
    <section className={styles.card}>
      {title !== undefined && (
        <div className={styles.cardHead}>
          <h2>{title}</h2>
          {actions}
        </div>
      )}
      {children}
    </section>
  )
}

export function Grid({ children }: { readonly children: ReactNode }) {
  return <div className={styles.grid}>{children}</div>
}

/** A page's main column, and a column beside it. */
export function Columns({ children }: { readonly children: ReactNode }) {
  return <div className={styles.columns}>{children}</div>
}

export function Stack({ children }: { readonly children: ReactNode }) {
  return <div className={styles.stack}>{children}</div>
}

export function Row({ children }: { readonly children: ReactNode }) {
  return <div className={styles.row}>{children}</div>
}

export function Muted({ children }: { readonly children: ReactNode }) {
  return <p className={styles.muted}>{children}</p>
}

/** For screen readers alone. */
export function Hidden({ children }: { readonly children: ReactNode }) {
  return <span className={styles.hidden}>{children}</span>
}
