import type { ReactNode } from 'react'
import { Icon, type IconName } from './icon.tsx'
import styles from './item-list.module.css'

/** Things that stand side by side as cards, such as devices and webhooks. */
export function ItemList({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <ul className={styles.list} aria-label={label}>
      {children}
    </ul>
  )
}

/** One thing of a list: what it is, how it stands, and what can be done with it. */
export function Item({
  icon,
  title,
  badges,
  lines,
  detail,
  actions,
}: {
  readonly icon: IconName
  readonly title: string
  readonly badges?: ReactNode
  /** Short sentences, one below the other; false is left out. */
  readonly lines: readonly (string | false)[]
  /** Below the lines, over the full width. */
  readonly detail?: ReactNode
  readonly actions?: ReactNode
}) {
  return (
    <li className={styles.item}>
      <span className={styles.icon}>
        <Icon name={icon} size={22} />
      </span>
      <div className={styles.text}>
        <h2>{title}</h2>
        {badges !== undefined && <div className={styles.badges}>{badges}</div>}
        {lines.map((line) => line !== false && <p key={line}>{line}</p>)}
      </div>
      {detail !== undefined && <div className={styles.detail}>{detail}</div>}
      {actions !== undefined && actions !== false && <div className={styles.actions}>{actions}</div>}
    </li>
  )
}
