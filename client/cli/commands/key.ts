import type { Command } from 'commander'
import type { TransactionKey, Vault } from '../../index.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { keyLines, keyTable } from '../key-text.ts'
import { parserOf } from '../options.ts'
import { askYes, isInteractive } from '../prompt.ts'
import { addKeyCreateCommand } from './key-create.ts'
import { addKeyGetCommand } from './key-get.ts'
import { addKeyProveCommand } from './key-prove.ts'
import { addKeyRotateCommand } from './key-rotate.ts'
import { addKeyUpdateCommand } from './key-update.ts'
import {
  revocationReasons,
  transactionKeyStates,
  type RevocationReason,
  type TransactionKeyState,
} from '../../../schema/wire/enums.ts'

/** `claviger key …`: the transaction keys, one for each application server. */
export function addKeyCommands(program: Command, context: Context): void {
  const key = program
    .command('key')
    .description('create, get and govern the keys you use with application servers')
  addKeyCreateCommand(key, context)
  addKeyListCommand(key, context)
  addKeyShowCommand(key, context)
  addKeyGetCommand(key, context)
  addKeyUpdateCommand(key, context)
  addKeyProveCommand(key, context)
  addKeyRotateCommand(key, context)
  addKeyRevokeCommand(key, context)
  addKeyDestroyCommand(key, context)
}

interface ListFlags {
  readonly applicationServer?: string
  readonly state?: TransactionKeyState
}

function addKeyListCommand(key: Command, context: Context): void {
  key
    .command('list')
    .description('list keys, newest first')
    .option('--application-server <server>', 'only those for this application server')
    .option(
      '--state <state>',
      `only those that are ${transactionKeyStates.join(', ')}`,
      parserOf(transactionKeyStates),
    )
    .action(async (filter: ListFlags) => {
      const vault = await context.openVault()
      const keys = await vault.keys(filter).toArray()
      context.output.result({ keys }, keyTable(keys))
    })
}

function addKeyShowCommand(key: Command, context: Context): void {
  key
    .command('show')
    .argument('<key>', "the key's id, the beginning of it, or its label")
    .description('describe a key; this is not a use')
    .action(async (named: string) => {
      const vault = await context.openVault()
      showKey((await keyById(vault, named)) ?? (await keyByPrefixOrLabel(vault, named)), context)
    })
}

const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/

async function keyById(vault: Vault, id: string): Promise<TransactionKey | null> {
  return uuid.test(id) ? vault.key(id) : null
}

/** @throws {CliError} NOT_FOUND when it names no key; USAGE when it names several. */
async function keyByPrefixOrLabel(vault: Vault, named: string): Promise<TransactionKey> {
  const found: TransactionKey[] = []
  if (named !== '') {
    for await (const key of vault.keys()) {
      if (key.id.startsWith(named) || key.label === named) found.push(key)
    }
  }
  const [key, ...others] = found
  if (key === undefined) {
    throw new CliError('NOT_FOUND', 'There is no such key in this account.', {
      hint: '`claviger key list` shows what there is.',
    })
  }
  if (others.length > 0) {
    throw new CliError('USAGE', `It names ${String(found.length)} keys.`, {
      hint: `Give more of the id: ${found
        .slice(0, 5)
        .map(({ id }) => id)
        .join(', ')}`,
    })
  }
  return key
}

function addKeyRevokeCommand(key: Command, context: Context): void {
  key
    .command('revoke')
    .argument('<id>', "the key's id")
    .description('revoke a key for good: it is no longer valid, and no longer given out')
    .option('--reason <reason>', `one of ${lowerCase(revocationReasons)}`, parserOf(revocationReasons))
    .action(async (id: string, { reason }: { readonly reason?: RevocationReason }) => {
      const vault = await context.openVault()
      showKey(await vault.revokeKey(id, { reason }), context)
    })
}

function addKeyDestroyCommand(key: Command, context: Context): void {
  key
    .command('destroy')
    .argument('<id>', "the key's id")
    .description('revoke a key, and erase its wrapped copies: nobody can ever use it again')
    .option('--yes', 'do not ask')
    .action(async (id: string, { yes = false }: { readonly yes?: boolean }) => {
      const vault = await context.openVault()
      if (!yes) await confirmDestruction()
      showKey(await vault.destroyKey(id), context)
    })
}

async function confirmDestruction(): Promise<void> {
  if (isInteractive() && (await askYes('Nobody will be able to use this key or open its data again.'))) return
  throw new CliError('NOT_CONFIRMED', 'Destroying a key cannot be undone, and was not confirmed.', {
    hint: 'Nothing was done. Where nobody can be asked, --yes confirms it.',
  })
}

function showKey(key: TransactionKey, { output }: Context): void {
  output.result(key, keyLines(key))
}

function lowerCase(names: readonly string[]): string {
  return names.map((name) => name.toLowerCase()).join(', ')
}
