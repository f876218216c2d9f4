import { useEffect, useRef, useState } from 'react'
import { createVault, KeyServerError, memoryKeystore, VaultError } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import type { ViewerVault } from '../../session/access.ts'
import { useSession } from '../../session/session-context.tsx'
import { Button } from '../../ui/button.tsx'
import { Segments, Select } from '../../ui/choice.tsx'
import { CodeBlock } from '../../ui/copy.tsx'
import { Notice } from '../../ui/display.tsx'
import { TextField } from '../../ui/field.tsx'
import { Form } from '../../ui/form.tsx'
import { Card, Columns, Muted, Page, Row, Stack } from '../../ui/page.tsx'
import { examples } from './examples.ts'
import { explorerMessages as m } from './explorer.messages.ts'

type Runner = Pick<ViewerVault, 'graphql' | 'subscribe'>

/** The account that a document is signed for. */
type Signer = 'own' | 'throwAway'

const names = Object.keys(examples)
/** The most results kept of a subscription: older ones go. */
const resultsMax = 50

/** Runs documents of one's own, signed, with an example of every operation. Nothing of it comes from elsewhere. */
export function Explorer() {
  const { t } = useTranslator()
  return (
    <Page title={t(m.title)} lead={t(m.lead)}>
      <Workbench />
    </Page>
  )
}

function Workbench() {
  const { t } = useTranslator()
  const { viewer, owner } = useSession()
  const [name, setName] = useState('account')
  const [document, setDocument] = useState(() => examples.account?.document ?? '')
  const [variables, setVariables] = useState('{}')
  const [signer, setSigner] = useState<Signer>('own')
  const throwAway = useThrowAwayVault(viewer.url)
  const { results, isRunning, run, stop } = useRuns(() => (signer === 'own' ? viewer : throwAway()))
  const parsed = parseObject(variables)
  const start = () => {
    if (parsed !== null) run(document, parsed)
  }
  return (
    <Columns>
      <Card>
        <Form onSubmit={start}>
          <Segments<Signer>
            label={t(m.signer)}
            isLabelHidden={false}
            value={signer}
            options={[
              { value: 'own', label: t(m.ownKey) },
              { value: 'throwAway', label: t(m.throwAway) },
            ]}
            onChange={setSigner}
          />
          {signer === 'throwAway' && <Muted>{t(m.throwAwayText)}</Muted>}
          <Select
            label={t(m.example)}
            value={name}
            options={names.map((value) => ({ value, label: value }))}
            onChange={(chosen) => {
              setName(chosen)
              setDocument(examples[chosen]?.document ?? '')
              setVariables(JSON.stringify(examples[chosen]?.variables ?? {}, null, 2))
            }}
          />
          <TextField
            label={t(m.document)}
            value={document}
            onChange={setDocument}
            isMultiline
            isMono
            rows={14}
          />
          <TextField
            label={t(m.variables)}
            value={variables}
            onChange={setVariables}
            isMultiline
            isMono
            rows={5}
            error={parsed === null ? t(m.variablesWrong) : null}
          />
          <Row>
            {/* Two elements, by their keys: the press that stops would send the form, were it the same one. */}
            {isRunning ? (
              <Button key="stop" icon="stop" onPress={stop}>
                {t(m.stop)}
              </Button>
            ) : (
              <Button key="run" kind="primary" type="submit" isDisabled={parsed === null}>
                {t(m.run)}
              </Button>
            )}
            <Muted>{t(m.keys)}</Muted>
          </Row>
        </Form>
      </Card>
      <Stack>
        {owner === null && signer === 'own' && <Notice>{t(m.viewer)}</Notice>}
        {isRunning && results.length === 0 && <Notice isLive>{t(m.waiting)}</Notice>}
        {results.map((result, index) => (
          <CodeBlock key={results.length - index} text={result} name={t(m.result)} />
        ))}
      </Stack>
    </Columns>
  )
}

/** An account whose key is in memory alone: made at the first call, and forgotten with the page. */
function useThrowAwayVault(url: string): () => Promise<Runner> {
  const made = useRef<Promise<Runner> | null>(null)
  return async () => {
    const owner = `try-${crypto.randomUUID().slice(0, 13)}`
    made.current ??= createVault({ url, owner, label: 'API explorer', keystore: memoryKeystore() })
    try {
      return await made.current
    } catch (error) {
      made.current = null
      throw error
    }
  }
}

/** The results of a document so far, the newest first. */
function useRuns(open: () => Runner | Promise<Runner>) {
  const [results, setResults] = useState<readonly string[]>([])
  const [isRunning, setRunning] = useState(false)
  const current = useRef<AbortController | null>(null)
  useEffect(
    () => () => {
      current.current?.abort()
    },
    [],
  )
  const runOnce = async (document: string, variables: Record<string, unknown>, signal: AbortSignal) => {
    const show = (value: unknown) => {
      if (!signal.aborted)
        setResults((shown) => [JSON.stringify(value, null, 2), ...shown].slice(0, resultsMax))
    }
    try {
      const vault = await open()
      if (/^\s*subscription\b/m.test(document)) {
        for await (const data of vault.subscribe(document, { variables, signal })) show(data)
      } else show(await vault.graphql(document, variables))
    } catch (error) {
      if (!(error instanceof KeyServerError) && !(error instanceof VaultError)) throw error
      show({ code: error.code, message: error.message, ...('details' in error && error.details) })
    } finally {
      if (!signal.aborted) setRunning(false)
    }
  }
  return {
    results,
    isRunning,
    run: (document: string, variables: Record<string, unknown>) => {
      const { signal } = (current.current = new AbortController())
      setResults([])
      setRunning(true)
      void runOnce(document, variables, signal)
    },
    stop: () => {
      current.current?.abort()
      setRunning(false)
    },
  }
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}
