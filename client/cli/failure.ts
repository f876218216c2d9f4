import { CommanderError } from 'commander'
import {
  KeyServerError,
  VaultError,
  VerifierError,
  type ErrorCode,
  type ErrorDetails,
  type VaultErrorCode,
  type VerifierErrorCode,
} from '../index.ts'
import { CliError, systemCodeOf } from './errors.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'
import { printable } from './output.ts'

/** The text for an error: never a stack trace. */
export interface Failure {
  readonly exitCode: ExitCode
  /** Stable: for programs. */
  readonly code: string
  readonly message: string
  /** The advice: one sentence on the next step. */
  readonly hint: string | undefined
  readonly details: ErrorDetails
}

/** The names that hints mention. */
export interface HintContext {
  readonly keystorePath: string
  /** The key server's origin. */
  readonly url: string
  /** The command that was asked for, e.g. `claviger key create`. */
  readonly command: string
}

/** Puts any error into words. An unforeseen error is named and not quoted: its message may hold anything. */
export function failureOf(error: unknown, place: HintContext): Failure {
  if (error instanceof CliError) {
    const { code, message, exitCode } = error
    const hint = error.hint ?? (code === 'USAGE' ? usageHint(place) : undefined)
    return { exitCode, code, message, hint, details: {} }
  }
  if (error instanceof CommanderError) {
    const message = sentence(error.message.replace(/^error: /, ''))
    return { exitCode: exitCodes.usage, code: 'USAGE', message, hint: usageHint(place), details: {} }
  }
  if (error instanceof KeyServerError) {
    const { exitCode, hint } = keyServerErrors[error.code]
    const { code, message, details } = error
    return { exitCode, code, message, hint: hint?.(place), details }
  }
  if (error instanceof VaultError || error instanceof VerifierError) {
    const { exitCode, hint } = ownErrors[error.code]
    const field = error instanceof VaultError ? error.field : undefined
    const details = field === undefined ? {} : { field }
    return { exitCode, code: error.code, message: error.message, hint: hint?.(place), details }
  }
  const systemCode = systemCodeOf(error)
  if (systemCode !== null && error instanceof Error && 'path' in error) {
    const message = `The keystore, or a file beside it, cannot be read or written (${systemCode}).`
    const { exitCode } = ownErrors.KEYSTORE_UNREADABLE
    const hint = `Look at ${place.keystorePath} and its directory, or name another file with --keystore.`
    return { exitCode, code: 'KEYSTORE_UNREADABLE', message, hint, details: {} }
  }
  const kind = systemCode ?? (error instanceof Error ? error.name : typeof error)
  const message = `Something went wrong inside claviger (${kind}).`
  return {
    exitCode: exitCodes.internal,
    code: 'INTERNAL',
    message,
    hint: 'Nothing is known to be lost. Please report it.',
    details: {},
  }
}

/** The causes of an error, each in a line: names, codes and messages, and never a stack trace. */
export function causesOf(error: unknown): string[] {
  const lines: string[] = []
  let cause = error instanceof Error ? error.cause : undefined
  for (; cause instanceof Error && lines.length < 5; cause = cause.cause) {
    lines.push(`  caused by ${cause.name}: ${printable(cause.message)}`)
  }
  return lines
}

interface Meaning {
  readonly exitCode: ExitCode
  readonly hint?: (place: HintContext) => string
}

const { no, usage, keystore, noAnswer } = exitCodes

const retryLater = () => 'Try again later: whatever was asked is safe to repeat.'

const checkPassphrase = () => 'Type it again, or give the right file with --passphrase-file.'
const checkBackupPassphrase = () =>
  'Type its passphrase again, or give the right file with --backup-passphrase-file. Or the file is damaged.'

const keyServerErrors: Readonly<Record<ErrorCode, Meaning>> = {
  UNAUTHENTICATED: {
    exitCode: no,
    hint: ({ keystorePath }) =>
      `Its key server does not know the management key in ${keystorePath}, or it was revoked. If \`claviger init\` did not finish, run it again.`,
  },
  FORBIDDEN: { exitCode: no },
  NOT_FOUND: { exitCode: no, hint: showList },
  CONFLICT: {
    exitCode: no,
    hint: (place) =>
      place.command === 'claviger init'
        ? 'Run `claviger init` again with another --owner: the management key is kept for it.'
        : showList(place),
  },
  BAD_USER_INPUT: { exitCode: usage, hint: usageHint },
  KEY_REVOKED: { exitCode: no, hint: () => 'Create another with `claviger key create`.' },
  KEY_NOT_YET_VALID: { exitCode: no, hint: () => '`claviger key show ID` tells from when on it is valid.' },
  KEY_OVERUSED: {
    exitCode: no,
    hint: () => 'Raise its limit with `claviger key update ID --max-uses N`, or create another key.',
  },
  CURSOR_EXPIRED: {
    exitCode: no,
    hint: () => 'Alerts so old are no longer kept: leave --after out to see the newest.',
  },
  QUOTA_EXCEEDED: {
    exitCode: no,
    hint: () => 'Revoke or remove what you no longer need, or ask the operator of the key server for more.',
  },
  RATE_LIMITED: { exitCode: noAnswer, hint: retryLater },
  TOO_LARGE: { exitCode: no },
  RESYNC_REQUIRED: { exitCode: noAnswer, hint: retryLater },
  UNAVAILABLE: { exitCode: noAnswer, hint: retryLater },
  INTERNAL_SERVER_ERROR: { exitCode: noAnswer, hint: retryLater },
  GRAPHQL_PARSE_FAILED: { exitCode: noAnswer, hint: checkVersion },
  GRAPHQL_VALIDATION_FAILED: { exitCode: noAnswer, hint: checkVersion },
}

const ownErrors: Readonly<Record<VaultErrorCode | VerifierErrorCode, Meaning>> = {
  SIGNING_KEY_INVALID: { exitCode: usage },
  URL_INVALID: { exitCode: usage, hint: () => 'Give it as in --url https://keys.example' },
  ADDRESS_MISMATCH: {
    exitCode: usage,
    hint: () => 'Give one of its addresses with --url, or have its operator add this one to PUBLIC_URL.',
  },
  ARGUMENT_INVALID: { exitCode: usage, hint: usageHint },
  RUNTIME_UNSUPPORTED: { exitCode: usage },
  KEYSTORE_EMPTY: {
    exitCode: keystore,
    hint: ({ keystorePath }) =>
      `There is none in ${keystorePath}: run \`claviger init --owner NAME\`, or name another file with --keystore.`,
  },
  KEYSTORE_OCCUPIED: {
    exitCode: keystore,
    hint: () => 'Name another file with --keystore: one file holds one management key.',
  },
  KEYSTORE_LOCKED: { exitCode: keystore, hint: checkPassphrase },
  KEYSTORE_EXPOSED: { exitCode: keystore },
  KEYSTORE_UNREADABLE: {
    exitCode: keystore,
    hint: ({ keystorePath }) => `Look at ${keystorePath}, or name another file with --keystore.`,
  },
  NETWORK: { exitCode: noAnswer, hint: checkServer },
  TIMEOUT: { exitCode: noAnswer, hint: checkServer },
  CLOCKS_DIFFER: { exitCode: noAnswer },
  ANSWER_MALFORMED: { exitCode: noAnswer, hint: checkVersion },
  NO_ACTIVE_KEY: {
    exitCode: no,
    hint: () => 'Create one with `claviger key create`; `claviger key list` shows what there is.',
  },
  UNWRAP_FAILED: { exitCode: no, hint: distrust },
  KEY_MISMATCH: { exitCode: no, hint: distrust },
  CERTIFICATE_MISSING: { exitCode: no, hint: distrust },
  CERTIFICATE_INVALID: { exitCode: no, hint: distrust },
  UNTRUSTED_MANAGEMENT_KEY: { exitCode: no, hint: distrust },
  ROLLBACK: {
    exitCode: no,
    hint: ({ keystorePath }) =>
      `${distrust()} If its operator says that it was restored from a backup, remove ${keystorePath}.trust.`,
  },
  AUDIT_HEAD_INVALID: { exitCode: no },
  WRAPPING_MISMATCH: { exitCode: no },
  ALGORITHM_MISMATCH: { exitCode: usage },
  PUBLIC_KEY_INVALID: { exitCode: usage, hint: () => 'Nothing was sent.' },
  PAIRING_CODE_INVALID: {
    exitCode: usage,
    hint: () => 'Give the whole code that `claviger device add` shows on the new device.',
  },
  PAIRING_GONE: {
    exitCode: no,
    hint: () => 'A code is good for 10 minutes and once: run `claviger device add` again.',
  },
  PAIRING_FORGED: { exitCode: no, hint: distrust },
  PHRASE_INVALID: {
    exitCode: no,
    hint: () => 'Nothing was changed. Compare the words with what you wrote down.',
  },
  COPIES_MISSING: { exitCode: no, hint: () => 'Nothing was changed.' },
  ACCOUNT_NOT_EMPTY: { exitCode: no, hint: () => 'Nothing was changed. Open a new account for the backup.' },
  BACKUP_UNREADABLE: { exitCode: keystore, hint: checkBackupPassphrase },
  DECRYPT_FAILED: { exitCode: no },
}

function usageHint({ command }: HintContext): string {
  return `\`${command} --help\` shows how.`
}

/** The noun that the command is about: keys, devices, webhooks or channels. */
function showList({ command }: HintContext): string {
  const group =
    ['device', 'webhook', 'channel'].find((name) => command.startsWith(`claviger ${name} `)) ?? 'key'
  return `\`claviger ${group} list\` shows what there is.`
}

function checkServer({ url, command }: HintContext): string {
  const repeat =
    command === 'claviger init' ? ' Then run the same command again: it goes on where it stopped.' : ''
  return `Is it running at ${url}? --url names another, and \`claviger serve\` starts one.${repeat}`
}

function checkVersion(): string {
  return 'Is this the URL of a key server, and is `claviger` of the same version as it?'
}

function distrust(): string {
  return 'Do not use what the key server sent: it, or the way to it, is not to be trusted with this key.'
}

/** Commander's words, which begin in lower case and may have a second line. */
function sentence(text: string): string {
  const line = text.trim().replace(/\s*\n\s*/g, ' ')
  const ended = /[.?!)]$/.test(line) ? line : `${line}.`
  return `${ended.slice(0, 1).toUpperCase()}${ended.slice(1)}`
}
