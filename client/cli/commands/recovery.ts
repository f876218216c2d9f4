import type { Command } from 'commander'
import { randomInt } from 'node:crypto'
import { hostname } from 'node:os'
import { openRecovery, type Recovery, type RecoveryDraft } from '../../index.ts'
import { urlDefault, type Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { keystoreToWrite } from '../keystore-to-write.ts'
import { rows } from '../key-text.ts'
import { printable } from '../output.ts'
import { progressNotes, skippedLines } from '../progress.ts'
import { askSecret, isInteractive } from '../prompt.ts'
import { readStdin, readTextFile } from '../text-file.ts'
import { hasCode, withTries } from '../tries.ts'

/** `claviger recovery …`: 24 words on paper, for the day on which no device is left. */
export function addRecoveryCommands(program: Command, context: Context): void {
  const recovery = program
    .command('recovery')
    .description('make a recovery phrase, or get everything back with one')
  addRecoveryCreateCommand(recovery, context)
  addRecoveryUseCommand(recovery, context)
}

interface CreateFlags {
  readonly yesIWroteItDown?: boolean
}

function addRecoveryCreateCommand(recovery: Command, context: Context): void {
  recovery
    .command('create')
    .description('make a recovery phrase of 24 words, shown once, that opens all of your keys')
    .option('--yes-i-wrote-it-down', 'do not ask three of the words back')
    .action(async ({ yesIWroteItDown = false }: CreateFlags) => {
      const { output } = context
      const vault = await context.openVault()
      if (!yesIWroteItDown && (output.isJson || !isInteractive())) throw notConfirmed()
      const draft = await vault.prepareRecovery()
      if (output.isJson) output.item({ words: draft.words }, '')
      else process.stdout.write(`${phraseText(draft.words)}\n`)
      output.note(
        'Write these words down, in this order, on paper. They are shown once, and open everything.',
      )
      if (!yesIWroteItDown) await askBack(draft)
      const report = await draft.register({ onProgress: progressNotes(output) })
      if (output.isJson) output.item(report, '')
      else {
        output.note(
          [
            ...rows([
              ['Recovery key', report.managementKeyId],
              ['Keys copied', String(report.rewrapped)],
            ]),
            ...skippedLines(report.skipped),
          ].join('\n'),
        )
      }
    })
}

/** Six lines of four words, each with its number. */
function phraseText(words: readonly string[]): string {
  const cells = words.map((word, index) => `${String(index + 1).padStart(2)}. ${word.padEnd(9)}`)
  return Array.from({ length: 6 }, (_, line) => cells.slice(line * 4, line * 4 + 4).join('  ')).join('\n')
}

async function askBack({ words }: RecoveryDraft): Promise<void> {
  const places = new Set<number>()
  while (places.size < 3) places.add(randomInt(words.length))
  for (const place of [...places].sort((a, b) => a - b)) {
    await withTries(() => askWord(words, place), { isAsked: true, isWrong: hasCode('NOT_CONFIRMED') })
  }
}

async function askWord(words: readonly string[], place: number): Promise<void> {
  const answer = await askSecret(`Word ${place + 1}: `)
  if (answer.trim().toLowerCase() === words[place]) return
  throw new CliError('NOT_CONFIRMED', `This is not word ${place + 1}.`, {
    hint: 'Nothing was registered: these words open nothing. Run the command again for new ones.',
  })
}

function notConfirmed(): CliError {
  return new CliError('NOT_CONFIRMED', 'Nobody can be asked whether the words were written down.', {
    hint: 'Nothing was done. Where nobody can be asked, --yes-i-wrote-it-down says so.',
  })
}

interface UseFlags {
  readonly owner: string
  readonly label?: string
  readonly phraseFile?: string
  readonly passphrase?: boolean
  readonly acceptMissing?: boolean
}

function addRecoveryUseCommand(recovery: Command, context: Context): void {
  recovery
    .command('use')
    .description('make this machine a device of yours with a recovery phrase, and get all keys back')
    .requiredOption('--owner <name>', "the account's name")
    .option('--phrase-file <file>', 'read the phrase from this file; default: asks for it, or reads stdin')
    .option('--label <label>', 'what to call this device (default: the host name)')
    .option('--passphrase', 'encrypt the keystore: asks for a passphrase, twice')
    .option('--accept-missing', 'go on although the phrase has no copy of some keys')
    .action(async (flags: UseFlags) => {
      const { owner, label = hostname() } = flags
      const { output, keystorePath, url = urlDefault } = context
      const open = async () => openRecovery({ url, owner, phrase: await readPhrase(flags.phraseFile) })
      const isAsked = flags.phraseFile === undefined
      const found = await withTries(open, { isAsked, isWrong: hasCode('PHRASE_INVALID') })
      assertComplete(found, flags)
      const keystore = await keystoreToWrite(flags, context)
      const { vault, report } = await found.restore({ keystore, label, onProgress: progressNotes(output) })
      const { managementKeyId } = vault
      output.result(
        { owner, url: vault.url, managementKeyId, keystore: keystorePath, missing: found.missing, ...report },
        [
          ...rows([
            ['Account', owner],
            ['Key server', vault.url],
            ['Keystore', keystorePath],
            ['Fingerprint', managementKeyId],
            ['Keys restored', String(report.rewrapped)],
          ]),
          ...missingLines(found),
          ...skippedLines(report.skipped),
        ],
      )
    })
}

/** Never from the command line, which others on the machine can read and the shell keeps. */
async function readPhrase(file: string | undefined): Promise<string> {
  if (file !== undefined) return readTextFile(file)
  return isInteractive() ? askSecret('Recovery phrase (24 words): ') : readStdin()
}

function assertComplete(found: Recovery, { acceptMissing = false }: UseFlags): void {
  if (found.missing.length === 0 || acceptMissing) return
  throw new CliError(
    'NOT_CONFIRMED',
    `The phrase has no copy of ${found.missing.length} key(s). ${missingLines(found).join(' ')}`,
    {
      hint: 'Nothing was changed. A device that is left can make a complete phrase; --accept-missing goes on without them.',
    },
  )
}

function missingLines({ missing }: Recovery): string[] {
  return missing.map(
    ({ id, applicationServer }) => `Without a copy: ${id} for ${printable(applicationServer)}.`,
  )
}
