import type { ReactNode } from 'react'
import { Button as AriaButton } from 'react-aria-components'
import { Link as RouterLink } from 'wouter'
import styles from './button.module.css'
import { cx } from './cx.ts'
import { Icon, type IconName } from './icon.tsx'

export type ButtonKind = 'primary' | 'secondary' | 'quiet' | 'danger' | 'dangerSolid'

export interface ButtonProps {
  readonly children?: ReactNode
  readonly kind?: ButtonKind
  readonly icon?: IconName
  /** The name where there is no text. */
  readonly label?: string
  readonly type?: 'button' | 'submit'
  readonly isDisabled?: boolean
  /** At work: it keeps the focus and takes no press. */
  readonly isPending?: boolean
  readonly autoFocus?: boolean
  readonly slot?: string
  readonly onPress?: () => void
}

export function Button({ children, kind = 'secondary', icon, label, onPress, ...props }: ButtonProps) {
  return (
    <AriaButton
      {...props}
      className={cx(styles.button, styles[kind], children === undefined && styles.square)}
      aria-label={label}
      onPress={() => onPress?.()}
    >
      {props.isPending ? (
        <span className={styles.spinner} aria-hidden="true" />
      ) : (
        icon !== undefined && <Icon name={icon} size={18} />
      )}
      {children}
    </AriaButton>
  )
}

/** A link that looks like a button. */
export function ButtonLink({
  to,
  children,
  kind = 'secondary',
  icon,
}: {
  readonly to: string
  readonly children: ReactNode
  readonly kind?: ButtonKind
  readonly icon?: IconName
}) {
  return (
    <RouterLink to={to} className={cx(styles.button, styles[kind])}>
      {icon !== undefined && <Icon name={icon} size={18} />}
      {children}
    </RouterLink>
  )
}
