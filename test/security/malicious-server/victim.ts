import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { createVault, memoryKeystore, openVault, type Keystore, type Vault } from '../../../client/index.ts'
import {
  generateManagementKey,
  publicManagementKey,
  type ManagementKey,
} from '../../../client/crypto/management-key.ts'
import { openSession, type Session } from '../../../client/trust/session.ts'
import { signEndorsement, signProof } from '../../../client/trust/endorse.ts'
import { startMaliciousServer, type MaliciousServer } from './malicious-server.ts'

export const shop = 'https://shop.example'
export const bank = 'https://bank.example'
export const message = new TextEncoder().encode('order 66')

/** A malicious key server for the tests of one file. After each test it tampers no more. */
export function useMaliciousServer(): { readonly server: () => MaliciousServer } {
  let started: MaliciousServer | null = null
  const server = () => {
    if (started === null) throw new Error('The malicious server has not started.')
    return started
  }
  beforeAll(async () => {
    started = await startMaliciousServer()
  })
  afterEach(() => {
    server().tamper(null)
  })
  afterAll(() => server().stop())
  return { server }
}

/** An owner who relies on the malicious server. */
export interface Victim {
  readonly vault: Vault
  readonly keystore: Keystore
  readonly owner: string
}

export async function createVictim(
  { url }: MaliciousServer,
  keystore: Keystore = memoryKeystore(),
): Promise<Victim> {
  const owner = `victim-${randomUUID()}`
  return { vault: await createVault({ url, owner, keystore }), keystore, owner }
}

/** The same device after a restart; without its trust state it has lost what it saw. */
export function restarted({ keystore }: Victim, { hasMemory = true } = {}): Promise<Vault> {
  return openVault({ keystore: hasMemory ? keystore : { ...keystore, trustStore: undefined } })
}

export async function sessionOf({ keystore }: Pick<Victim, 'keystore'>): Promise<Session> {
  const record = await keystore.load()
  if (record === null) throw new Error('The keystore is empty.')
  return openSession(record, { trustStore: keystore.trustStore })
}

export function createManagementKey(): Promise<ManagementKey> {
  return generateManagementKey({ signingAlgorithm: 'Ed25519', extractable: false })
}

/** A second device of the same owner, which got its anchors from the first one. */
export async function addDevice(first: Victim): Promise<Victim> {
  const session = await sessionOf(first)
  const { owner, managementKey: approver, keyServer, clock, url } = session
  const managementKey = await createManagementKey()
  const publicKeys = await publicManagementKey(managementKey)
  const nowSeconds = clock.nowSeconds()
  const endorsement = await signEndorsement(
    { ...publicKeys, kind: 'DEVICE' },
    { owner, managementKey: approver, nowSeconds },
  )
  const input = {
    managementKey: { label: 'second', ...publicKeys },
    endorsement,
    proof: await signProof(endorsement, managementKey),
    wrappedKeys: [],
  }
  await keyServer.run(
    {
      kind: 'mutation',
      document: 'mutation AddKey($input: AddManagementKeyInput!) { addManagementKey(input: $input) { id } }',
      parse: () => null,
    },
    { input },
  )
  const keystore = memoryKeystore()
  await keystore.save({ ...managementKey, url, owner, anchors: [approver.id] })
  return { keystore, owner, vault: await openVault({ keystore }) }
}

export async function revokeManagementKey(by: Victim, id: string): Promise<void> {
  const { keyServer } = await sessionOf(by)
  await keyServer.run(
    {
      kind: 'mutation',
      document: 'mutation RevokeKey($id: ID!) { revokeManagementKey(id: $id) { id } }',
      parse: () => null,
    },
    { id },
  )
}
