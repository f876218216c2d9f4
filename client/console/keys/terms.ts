import type { OverusePolicy, TransactionKey } from '../../index.ts'

/** Days from now, a date, or for ever. */
export type TermChoice = '30' | '90' | '365' | 'date' | 'never'

/** The values of the form. */
export interface Terms {
  readonly label: string
  readonly term: TermChoice
  /** `2027-01-31`, for the choice `date`. */
  readonly date: string
  /** As typed; empty: no limit. */
  readonly maxUses: string
  readonly overusePolicy: OverusePolicy
}

export const newTerms: Terms = { label: '', term: '365', date: '', maxUses: '', overusePolicy: 'NOTIFY' }

/** A key's terms as the form shows them. */
export function termsOf({ label, expiresAt, maxUses, overusePolicy }: TransactionKey): Terms {
  return {
    label: label ?? '',
    term: expiresAt === null ? 'never' : 'date',
    date: expiresAt === null ? '' : localDate(expiresAt),
    maxUses: maxUses === null ? '' : String(maxUses),
    overusePolicy,
  }
}

/** When the term ends; null when it does not. A date stands for the end of that day here. */
export function expiryOf({ term, date }: Terms, now = new Date()): Date | null {
  if (term === 'never') return null
  if (term === 'date') return date === '' ? null : new Date(`${date}T23:59:59`)
  return new Date(now.getTime() + Number(term) * 86_400_000)
}

export function maxUsesOf({ maxUses }: Terms): number | null {
  return maxUses === '' ? null : Number(maxUses)
}

export function isMaxUses(text: string): boolean {
  return text === '' || /^[1-9]\d{0,8}$/.test(text)
}

export function areTermsComplete({ term, date, maxUses }: Terms): boolean {
  return isMaxUses(maxUses) && (term !== 'date' || date !== '')
}

function localDate(value: Date): string {
  const pad = (part: number) => String(part).padStart(2, '0')
  return `${String(value.getFullYear())}-${pad(value.getMonth() + 1)}-${pad(value.getDate())}`
}
