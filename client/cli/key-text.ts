import { styleText } from 'node:util'
import type { TransactionKey, TransactionKeyState } from '../index.ts'
import { possessionSignerOf } from '../../schema/wire/statements/possession.ts'
import { printable } from './output.ts'

/** Names and values, one below the other. Pairs without a value are left out. */
export function rows(pairs: readonly (readonly [name: string, value: string | null])[]): string[] {
  const present = pairs.flatMap(([name, value]) =>
    value === null ? [] : [{ name, value: printable(value) }],
  )
  const width = Math.max(0, ...present.map(({ name }) => name.length))
  return present.map(({ name, value }) => `${styleText('dim', name.padEnd(width))}  ${value}`)
}

/** All that is to be said of one key. */
export function keyLines(key: TransactionKey): string[] {
  return rows([
    ['Key', key.id],
    ['Application server', key.applicationServer],
    ['Label', key.label],
    ['State', key.state],
    [
      'Not confirmed',
      key.trustError === null ? null : `${key.trustError}: it would be refused if it were used`,
    ],
    ['Not before', textOf(key.notBefore)],
    ['Expires', textOf(key.expiresAt)],
    ['Notices', key.expiryNotices.length === 0 ? null : key.expiryNotices.map(durationText).join(', ')],
    ['Uses', usesText(key)],
    ['Refused', key.refusedCount === 0 ? null : String(key.refusedCount)],
    ['Beyond the limit', key.maxUses === null ? null : key.overusePolicy],
    ['Last used', textOf(key.lastUsedAt)],
    ['Created', textOf(key.createdAt)],
    ['Revoked', textOf(key.revokedAt)],
    ['Reason', key.revocationReason],
    ['Thumbprint', key.thumbprint],
    ['Possession', possessionText(key)],
    ['Public key', key.publicKey === null ? null : JSON.stringify(key.publicKey)],
    ['Wrapped for', key.wrappedFor.length === 0 ? 'nobody: the key is destroyed' : key.wrappedFor.join(', ')],
  ])
}

/** Null for a key that cannot sign. */
function possessionText({ id, publicKey, isPossessionProved }: TransactionKey): string | null {
  if (isPossessionProved) return 'proved: the key signed that its holder stored it'
  return possessionSignerOf(publicKey) === null ? null : `not proved: \`claviger key prove ${id}\` does it`
}

/** One line for each key, under a heading. */
export function keyTable(keys: readonly TransactionKey[]): string[] {
  if (keys.length === 0) return ['No keys.']
  const cells = keys.map((key) => [
    key.id,
    key.state,
    usesText(key),
    textOf(key.expiresAt) ?? '-',
    printable(
      `${key.applicationServer}${key.label === null ? '' : `  (${key.label})`}${key.trustError === null ? '' : `  NOT CONFIRMED: ${key.trustError}`}`,
    ),
  ])
  const table = [['ID', 'STATE', 'USES', 'EXPIRES', 'APPLICATION SERVER'], ...cells]
  const width = (column: number) => Math.max(...table.map((row) => row[column]?.length ?? 0))
  const widths = [0, 1, 2, 3].map(width)
  const lines = table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  return lines.map((line, index) => {
    const key = keys[index - 1]
    return key === undefined ? styleText('dim', line) : colored(line, key.state)
  })
}

export function usesText({ useCount, maxUses }: Pick<TransactionKey, 'useCount' | 'maxUses'>): string {
  return maxUses === null ? String(useCount) : `${useCount} of ${maxUses}`
}

/** The largest unit that divides it: 604,800 is `7d`. */
export function durationText(seconds: number): string {
  const units = [
    { unit: 'd', size: 86_400 },
    { unit: 'h', size: 3600 },
    { unit: 'm', size: 60 },
  ] as const
  const found = units.find(({ size }) => seconds % size === 0)
  return found === undefined ? `${seconds}s` : `${seconds / found.size}${found.unit}`
}

function textOf(instant: Date | null): string | null {
  return instant === null ? null : instant.toISOString()
}

const colors = { PENDING: 'yellow', ACTIVE: 'green', EXPIRED: 'yellow', REVOKED: 'red' } as const

function colored(line: string, state: TransactionKeyState): string {
  return line.replace(state, styleText(colors[state], state))
}
