import { useState } from 'react'
import { encodeBase64, encodeBase64url } from '../../../../schema/wire/base64url.ts'
import { VaultError, type AcquiredKey, type TransactionKey, type Vault } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { algorithmOf } from '../../keys/algorithm.ts'
import { useSession } from '../../session/session-context.tsx'
import { Button } from '../../ui/button.tsx'
import { CodeBlock } from '../../ui/copy.tsx'
import { Failure } from '../../ui/failure.tsx'
import { TextField } from '../../ui/field.tsx'
import { Card, Muted, Row } from '../../ui/page.tsx'
import { useAction } from '../../ui/use-action.ts'
import { useMessages as m } from './key.messages.ts'

type Bytes = Uint8Array<ArrayBuffer>

interface UseResult {
  readonly name: string
  readonly text: string
}

/** Acquires the key and does something with it, here in the browser. */
export function UseCard({
  owner,
  transactionKey,
  isActive,
}: {
  readonly owner: Vault
  readonly transactionKey: TransactionKey
  readonly isActive: boolean
}) {
  const { t } = useTranslator()
  const session = useSession()
  const [text, setText] = useState('')
  const [result, setResult] = useState<UseResult | null>(null)
  const [work, setWork] = useState<'encrypt' | 'decrypt'>('encrypt')
  const algorithm = algorithmOf(transactionKey)
  const use = async (name: string, operate: (key: AcquiredKey) => Promise<string>) => {
    setResult(null)
    const key = await owner.acquire({ id: transactionKey.id })
    // The acquisition was counted, also when the operation fails.
    void session.key(transactionKey.id).reload()
    setResult({ name, text: await operate(key) })
  }
  const sign = useAction(() =>
    use(t(m.signature), async (key) => encodeBase64url(await key.sign(bytesOf(text)))),
  )
  const derive = useAction(() =>
    use(t(m.secret), async (key) => encodeBase64(await key.deriveBits(parseJson(text)))),
  )
  const encrypt = useAction(() => {
    setWork('encrypt')
    return use(t(m.cipher), async (key) => encodeBase64(await key.encrypt(bytesOf(text))))
  })
  const decrypt = useAction(() => {
    setWork('decrypt')
    return use(t(m.plain), async (key) => new TextDecoder().decode(await key.decrypt(parseBase64(text))))
  })
  const actions = { sign, derive, encrypt, decrypt }
  const chosen = algorithm === 'A256GCM' ? work : algorithm === 'X25519' ? 'derive' : 'sign'
  const { error } = actions[chosen]
  const names = { sign: m.signText, derive: m.peer, encrypt: m.textOrCipher, decrypt: m.textOrCipher }
  const isSymmetric = algorithm === 'A256GCM'
  return (
    <Card title={t(m.title)}>
      <div id="use" />
      {!isActive || algorithm === null ? (
        <Muted>{t(m.inactive)}</Muted>
      ) : (
        <>
          <TextField label={t(names[chosen])} value={text} onChange={setText} isMultiline rows={3} isMono />
          <Row>
            <Button
              kind="primary"
              isPending={actions[isSymmetric ? 'encrypt' : chosen].isPending}
              isDisabled={text === ''}
              onPress={actions[isSymmetric ? 'encrypt' : chosen].run}
            >
              {t(m[isSymmetric ? 'encrypt' : chosen])}
            </Button>
            {isSymmetric && (
              <Button isPending={decrypt.isPending} isDisabled={text === ''} onPress={decrypt.run}>
                {t(m.decrypt)}
              </Button>
            )}
          </Row>
          <Muted>{t(m.count)}</Muted>
          {error !== null && <Failure error={error} />}
          {result !== null && (
            <div role="status" aria-label={t(m.result)}>
              <Muted>{result.name}</Muted>
              <CodeBlock text={result.text} name={result.name} />
            </div>
          )}
        </>
      )}
    </Card>
  )
}

function bytesOf(text: string): Bytes {
  return new TextEncoder().encode(text)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new VaultError('PUBLIC_KEY_INVALID')
  }
}

function parseBase64(text: string): Bytes {
  try {
    return Uint8Array.from(atob(text.trim()), (character) => character.charCodeAt(0))
  } catch {
    throw new VaultError('DECRYPT_FAILED')
  }
}
