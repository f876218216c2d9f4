import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { vaultErrorCodes } from '../../client/index.ts'
import * as sdk from '../../client/index.ts'
import * as nodeSdk from '../../client/node/index.ts'
import { brokenLinksOf, codeBlocksOf, runInstalled } from '../support/documents.ts'
import { run, type TestProcess } from '../support/processes.ts'
import { freePort, startWorld, type TestServer } from '../support/server.ts'
import { alertKinds } from '../../schema/wire/enums.ts'

/* docs/sdk.md is compared with the SDK, and its programs are run against a key server and an application server. */

const page = await readFile(new URL('../../docs/sdk.md', import.meta.url), 'utf8')
const sourceOf = (path: string) => readFile(new URL(`../../client/${path}`, import.meta.url), 'utf8')

describe('the programs', () => {
  let keyServer: TestServer
  let applicationServer: TestProcess
  let replacing: Record<string, string>
  beforeAll(async () => {
    keyServer = await startWorld()
    const shop = `http://localhost:${String(await freePort())}`
    replacing = { 'http://localhost:4000': keyServer.url, 'https://shop.example': shop }
    applicationServer = run(['examples/verified-application-server.js', keyServer.url, shop])
    await applicationServer.says(`The shop is open at ${shop}`)
  }, 60_000)
  afterAll(async () => {
    await applicationServer.stop()
    await keyServer.stop()
  })

  const [forNode = '', forBrowsers = ''] = page.split(/^(?=## Browsers$)/m)

  test('run one after the other, and do what the page says', async () => {
    const program = [
      ...codeBlocksOf(forNode, 'js'),
      'console.log(`skipped ${skipped.length}, imported ${imported}, shared ${shared.length}`)',
    ].join('\n')
    const { code, output } = await runInstalled(program, { replacing })
    expect(code, output).toBe(0)
    for (const text of [
      'One coffee, please.', // decrypted
      'Welcome, alice.', // by the signed request
      'COMPROMISED', // of the alert
      'Phone',
      'REVOKED', // of the rotated key, when it is asked about
      'There is no key yet.',
      'whsec_',
      'skipped 0, imported 3, shared 32',
    ]) {
      expect(output).toContain(text)
    }
  })

  test('the one for browsers runs where there is an IndexedDB', async () => {
    const program = [...codeBlocksOf(forBrowsers, 'js'), 'console.log(key.id, typeof alerts.next)'].join('\n')
    const nodeArgs = [`--import=${import.meta.resolve('fake-indexeddb/auto')}`]
    const { code, output } = await runInstalled(program, { replacing, nodeArgs })
    expect(code, output).toBe(0)
    expect(output).toMatch(/^[\w-]{36} function\n$/)
  })
})

test('every member of a vault is mentioned', async () => {
  const names = membersOf(await sourceOf('vault/vault.ts'), 'Vault')
  expect(names).toContain('createKey')
  expect(names.filter((name) => !page.includes(`vault.${name}`))).toEqual([])
})

test.each([
  ['CreateVaultOptions', 'vault/vault.ts'],
  ['OpenVaultOptions', 'vault/vault.ts'],
  ['ConnectionOptions', 'transport/connection-options.ts'],
  ['CreateKeyOptions', 'keys/create.ts'],
  ['KeyChanges', 'keys/update.ts'],
  ['AcquireOptions', 'keys/acquire.ts'],
  ['UncertifiedOptions', 'keys/open.ts'],
  ['AcquiredKey', 'keys/acquired-key.ts'],
  ['TransactionKey', 'keys/transaction-key.ts'],
  ['DescribedTransactionKey', 'keys/transaction-key.ts'],
  ['RequestSignerOptions', 'request-signing/request-signer.ts'],
  ['AlertStreamOptions', 'alerts/stream.ts'],
  ['AlertPageOptions', 'alerts/history.ts'],
  ['AlertPage', 'alerts/history.ts'],
  ['Webhook', 'webhooks/webhooks.ts'],
  ['SetWebhookOptions', 'webhooks/webhooks.ts'],
  ['FileKeystoreOptions', 'node/file-keystore.ts'],
])('every member of %s is mentioned', async (name, path) => {
  const names = membersOf(await sourceOf(path), name)
  expect(names.length).toBeGreaterThan(0)
  expect(names.filter((member) => !isInCode(member))).toEqual([])
})

test('every function and class that the package exports is mentioned', () => {
  const names = [...Object.keys(sdk), ...Object.keys(nodeSdk)]
  expect(names).toContain('fileKeystore')
  expect(names.filter((name) => !isInCode(name))).toEqual([])
})

test('the table of errors has every code of a VaultError, and no other', () => {
  const [, section = ''] = /^## Errors\n(.*?)^## /ms.exec(page) ?? []
  const codes = [...section.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code)
  expect(codes).toEqual(vaultErrorCodes)
})

test('the table of alerts has every kind with its members', async () => {
  const [, section = ''] = /^## Alerts\n(.*?)^## /ms.exec(page) ?? []
  const rows = [...section.matchAll(/^\| `([A-Z_]+)` +\|([^|]*)\|/gm)].map(([, kind = '', cell = '']) => [
    kind,
    [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  ])
  expect(Object.fromEntries(rows)).toEqual(membersOfKinds(await sourceOf('alerts/alert.ts')))
  expect(rows.map(([kind]) => kind)).toEqual([...alertKinds, 'UNKNOWN'])
})

test('every place that the page links to exists', async () => {
  expect(await brokenLinksOf('docs/sdk.md')).toEqual([])
})

test('what the page does not have is found', async () => {
  expect(isInCode('createKey')).toBe(true)
  expect(isInCode('polishKey')).toBe(false)
  // A word of the text, and no code.
  expect(isInCode('anybody')).toBe(false)
  const links = '[here](#alerts) [there](nowhere.md) [and](cli.md#exit-codes) [no](cli.md#exit-polish)'
  expect(await brokenLinksOf('docs/sdk.md', links)).toEqual(['#alerts', 'nowhere.md', 'cli.md#exit-polish'])
})

/** Whether a name stands in code of the page: in a block, or between backticks. */
function isInCode(name: string): boolean {
  const code = [
    ...codeBlocksOf(page, 'js'),
    ...[...page.replaceAll(/^```.*?^```$/gms, '').matchAll(/`([^`]*)`/g)].map(([, text = '']) => text),
  ]
  return code.some((text) => new RegExp(`\\b${name}\\b`).test(text))
}

/** The names of an interface's own members. */
function membersOf(source: string, name: string): string[] {
  const [, body = ''] =
    new RegExp(`^(?:export )?interface ${name}\\b[^{]*\\{\n(.*?)^\\}`, 'ms').exec(source) ?? []
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, member = '']) => member)
}

/** The members of each kind of alert that not every alert has. */
function membersOfKinds(source: string): Record<string, string[]> {
  const common = ['kind', ...membersOf(source, 'KnownAlert')]
  const found: Record<string, string[]> = {}
  const interfaces = source.matchAll(/^export interface (\w+Alert)(?: extends (\w+))? \{\n(.*?)^\}/gms)
  for (const [, name = '', parent = '', body = ''] of interfaces) {
    const members = [...(parent === '' ? [] : membersOf(source, parent)), ...membersOf(source, name)]
    const [, kinds = ''] = /readonly kind: (.*)/.exec(body) ?? []
    for (const [, kind = ''] of kinds.matchAll(/'([A-Z_]+)'/g)) {
      found[kind] = members.filter((member) => !common.includes(member))
    }
  }
  return found
}
