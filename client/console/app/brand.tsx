import { Link } from 'wouter'
import styles from './shell.module.css'

/** The mark: a key on a dark tile. */
export function BrandMark({ size = 28 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#16191f" />
      <g fill="none" stroke="#e3b75b" strokeWidth="2.6" strokeLinecap="round" strokeLinejoin="round">
        <circle cx="11.5" cy="12" r="4.6" />
        <path d="M15 15.3 24 24.3M20.2 20.5l2.9-2.9M23.6 23.9l2.1-2.1" />
      </g>
    </svg>
  )
}

/** The way to the first page. */
export function BrandLink() {
  return (
    <Link to="/" className={styles.brand}>
      <BrandMark />
      Claviger
    </Link>
  )
}
