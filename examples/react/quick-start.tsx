// A page with keys, from nothing: an account at the first visit, keys, signatures, alerts, and a typed query of one's own.
import { ClavigerError, indexedDbKeystore, type Vault } from 'claviger'
import { useAlerts, useKeys, useVault, VaultProvider } from 'claviger/react'
import type { Introspection, Scalars } from 'claviger/schema'
import { initGraphQLTada } from 'gql.tada'
import { useState } from 'react'
import { createRoot } from 'react-dom/client'

const url = 'http://localhost:4000'
const keystore = indexedDbKeystore()
const graphql = initGraphQLTada<{ introspection: Introspection; scalars: Scalars }>()
const usesDocument = graphql(`
  query Uses($id: ID!) {
    transactionKey(id: $id) {
      useCount
      maxUses
    }
  }
`)

function App() {
  const state = useVault()
  if (state.status === 'opening') return <p>Opening…</p>
  if (state.status === 'failed') return <p role="alert">{textOf(state.error)}</p>
  if (state.status === 'open') return <Keys vault={state.vault} />
  const begin = async (data: FormData) => {
    const owner = data.get('name')
    if (typeof owner === 'string') await state.create({ url, owner })
  }
  return (
    <form action={begin}>
      <input name="name" aria-label="Your name" required />
      <button>Begin</button>
    </form>
  )
}

function Keys({ vault }: { vault: Vault }) {
  const { keys, totalCount, reload } = useKeys()
  const { unacknowledgedCount, connection } = useAlerts()
  const [text, setText] = useState('')
  const run = async (work: () => Promise<string>) => {
    setText(await work().catch(textOf))
    await reload()
  }
  const create = async () => {
    const key = await vault.createKey(`https://shop-${Date.now()}.example`, { label: 'Shop', maxUses: 1 })
    return `${key.label} is ${key.state}`
  }
  const sign = async (id: string) => {
    const key = await vault.acquire({ id }) // counts as one use
    await key.sign(new TextEncoder().encode('One coffee, please.'))
    const { transactionKey } = await vault.graphql(usesDocument, { id })
    return `Signed. Uses: ${transactionKey?.useCount} of ${transactionKey?.maxUses ?? 'any number'}`
  }
  return (
    <>
      <h1>
        {totalCount ?? '…'} keys of {vault.owner}
      </h1>
      <p>
        {unacknowledgedCount} new alerts, {connection}
      </p>
      <button onClick={() => run(create)}>New key</button>
      <ul>
        {keys.map(({ id, label, state }) => (
          <li key={id}>
            {label}: {state} <button onClick={() => run(() => sign(id))}>Sign</button>
          </li>
        ))}
      </ul>
      <p role="status">{text}</p>
    </>
  )
}

function textOf(error: unknown): string {
  return error instanceof ClavigerError ? `${error.code}: ${error.message}` : 'Something went wrong.'
}

const root = document.getElementById('root')
if (root !== null)
  createRoot(root).render(
    <VaultProvider keystore={keystore} keepsReads>
      <App />
    </VaultProvider>,
  )
