import type { Command } from 'commander'
import { verifyPublicKey, type VerificationResult } from '../../index.ts'
import { urlDefault, type Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { publicKeyFromText } from '../../keys/public-key-text.ts'
import { printable } from '../output.ts'
import { readStdin, readTextFile } from '../text-file.ts'

interface VerifyFlags {
  readonly owner: string
  readonly applicationServer: string
  readonly publicKey: string
  readonly requirePossession: boolean
}

/** `claviger verify`: what an application server asks. It needs no keystore. */
export function addVerifyCommand(program: Command, context: Context): void {
  program
    .command('verify')
    .description("ask whether a public key is really its owner's: exit code 0 when it is valid, 1 when not")
    .requiredOption('--owner <name>', 'whose key it is said to be')
    .requiredOption('--application-server <server>', 'for which application server')
    .requiredOption(
      '--public-key <file|-|key>',
      'the key as it was received: a JWK, PEM or an OpenSSH line; - reads it from stdin',
    )
    .option('--require-possession', 'not valid unless the key has signed that its holder stored it', false)
    .addHelpText(
      'after',
      `
A private key is refused before anything is sent. No answer (exit code 4) is not a yes.

Examples:
  $ claviger verify --owner alice --application-server https://shop.example --public-key received.jwk
  $ claviger key show ID --json | jq .publicKey | \\
      claviger verify --owner alice --application-server https://shop.example --public-key -`,
    )
    .action(async ({ owner, applicationServer, publicKey, requirePossession }: VerifyFlags) => {
      const { url = urlDefault, output } = context
      const presented = publicKeyFromText(await readKeyText(publicKey))
      const query = { owner, applicationServer, publicKey: presented }
      const result = await verifyPublicKey({ url, requirePossession, ...query })
      const { valid, status, thumbprint, notBefore, expiresAt, checkedAt } = result
      output.result(
        { owner, applicationServer, valid, status, thumbprint, notBefore, expiresAt, checkedAt },
        [resultText(result, { owner, applicationServer })],
      )
      if (!valid) context.exitCode = exitCodes.no
    })
}

function resultText(
  { valid, status, expiresAt }: VerificationResult,
  { owner, applicationServer }: { readonly owner: string; readonly applicationServer: string },
): string {
  const whose = `a key of ${printable(owner)} for ${printable(applicationServer)}`
  if (status === 'unknown-key') return `Not valid: it does not coincide with ${whose}.`
  const term = expiresAt === null ? '' : `, until ${expiresAt.toISOString()}`
  if (status === 'unproved') {
    return `Not valid: it coincides with ${whose}, and nothing proves that whoever stored it holds its private half.`
  }
  if (!valid) return `Not valid: it coincides with ${whose}, which is ${status}${term}.`
  return `Valid: it coincides with ${whose}, which is active${term}.`
}

function readKeyText(source: string): Promise<string> | string {
  if (/^\s*(?:\{|-----BEGIN |ssh-|ecdsa-)/.test(source)) return source
  return source === '-' ? readStdin() : readTextFile(source)
}
