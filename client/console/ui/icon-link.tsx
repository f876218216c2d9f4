import { Link } from 'wouter'
import styles from './button.module.css'
import { cx } from './cx.ts'
import { Icon, type IconName } from './icon.tsx'

/** A link that is a picture; its label says where it leads, also to the pointer. */
export function IconLink({
  to,
  icon,
  label,
}: {
  readonly to: string
  readonly icon: IconName
  readonly label: string
}) {
  return (
    <Link to={to} className={cx(styles.button, styles.quiet, styles.square)} aria-label={label} title={label}>
      <Icon name={icon} size={18} />
    </Link>
  )
}
