import { ClavigerError, type TransactionKey, type Vault } from 'claviger'
import { useAlerts, useKeys, useVault, useVerification } from 'claviger/react'
import { useState } from 'react'

const url = new URLSearchParams(location.search).get('keyserver') ?? 'http://localhost:4000'

export function App() {
  const { status, vault, error } = useVault()
  if (status === 'opening') return <p>Opening…</p>
  if (status === 'failed') return <p role="alert">{textOf(error)}</p>
  if (status === 'empty') return <Start />
  return (
    <>
      <h1>Keys of {vault.owner}</h1>
      <Keys vault={vault} />
      <Alerts />
    </>
  )
}

function Start() {
  const { create } = useVault()
  return <Form label="Your name" action={(owner) => create({ url, owner, label: 'React example' })} />
}

function Keys({ vault }: { vault: Vault }) {
  const [search, setSearch] = useState('')
  const { keys, totalCount, hasMore, isLoading, error, loadMore, reload } = useKeys({ search, first: 10 })
  const change = async (work: () => Promise<unknown>) => {
    await work()
    await reload()
  }
  return (
    <section aria-label="Keys">
      <Form
        label="Application server"
        action={(name) => change(() => vault.createKey(name, { maxUses: 1 }))}
      />
      <label>
        Search <input type="search" value={search} onChange={({ target }) => setSearch(target.value)} />
      </label>
      <p role="status">{isLoading ? 'Reading…' : `${totalCount ?? 0} keys`}</p>
      {error !== null && <p role="alert">{textOf(error)}</p>}
      <ul>
        {keys.map((key) => (
          <li key={key.id}>
            {key.applicationServer}: {key.trustError ?? key.state}, used {key.useCount} times{' '}
            <button onClick={() => change(() => vault.acquire({ id: key.id }))}>Use</button>
            <Verified vault={vault} transactionKey={key} />
          </li>
        ))}
      </ul>
      {hasMore && <button onClick={loadMore}>More</button>}
    </section>
  )
}

/** The answer that an application server gets when it is shown this key. */
function Verified({ vault, transactionKey }: { vault: Vault; transactionKey: TransactionKey }) {
  const { applicationServer, publicKey } = transactionKey
  const [isAsked, setAsked] = useState(false)
  const { result, error } = useVerification(
    isAsked && publicKey !== null ? { url, owner: vault.owner, applicationServer, publicKey } : null,
  )
  if (!isAsked) return <button onClick={() => setAsked(true)}>Verify</button>
  return <output>{error === null ? (result?.status ?? 'Asking…') : textOf(error)}</output>
}

function Alerts() {
  const { alerts, unacknowledgedCount, connection, acknowledge } = useAlerts()
  const [newest] = alerts
  return (
    <section aria-label="Alerts">
      <h2>
        Alerts ({unacknowledgedCount} new, {connection})
      </h2>
      <ol>
        {alerts.map(({ cursor, kind, occurredAt }) => (
          <li key={cursor}>
            {kind}, {occurredAt.toLocaleString()}
          </li>
        ))}
      </ol>
      {unacknowledgedCount > 0 && newest !== undefined && (
        <button onClick={() => acknowledge(newest.cursor)}>Read</button>
      )}
    </section>
  )
}

/** One field and a button; says what goes wrong. */
function Form({ label, action }: { label: string; action: (text: string) => Promise<unknown> }) {
  const [error, setError] = useState<unknown>(null)
  const submit = async (data: FormData) => {
    const text = data.get('text')
    setError(null)
    try {
      if (typeof text === 'string') await action(text)
    } catch (failure) {
      setError(failure)
    }
  }
  return (
    <form action={submit}>
      <label>
        {label} <input name="text" required />
      </label>
      <button>Go</button>
      {error !== null && <p role="alert">{textOf(error)}</p>}
    </form>
  )
}

function textOf(error: unknown): string {
  return error instanceof ClavigerError ? error.message : 'Something went wrong.'
}
