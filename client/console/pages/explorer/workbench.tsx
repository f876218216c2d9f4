import type { EditorView } from '@codemirror/view'
import { useCallback, useMemo, useRef, useState } from 'react'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { useKeyServer, useOptionalSession } from '../../session/session-context.tsx'
import { Button } from '../../ui/button.tsx'
import { Segments, Select } from '../../ui/choice.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { Notice } from '../../ui/display.tsx'
import { Card, Muted, Row } from '../../ui/page.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { uiMessages } from '../../ui/ui.messages.ts'
import { CodeEditor } from './editor/code-editor.tsx'
import { documentLanguage, placeAt, type SchemaPlace } from './editor/document-language.ts'
import { variableTypesOf } from './editor/variable-types.ts'
import { parseObject, variablesLanguage } from './editor/variables-language.ts'
import { examples } from './examples.ts'
import { explorerMessages as m } from './explorer.messages.ts'
import styles from './explorer.module.css'
import { operationAt } from './operation.ts'
import { prettifyDocument, prettifyVariables } from './prettify.ts'
import { SheetTabs } from './sheet-tabs.tsx'
import { SidePanel, type Panel } from './side-panel.tsx'
import { useDesk } from './use-desk.ts'
import { useRuns } from './use-runs.ts'
import { useSchema } from './use-schema.ts'
import { useThrowAwayVault } from './use-throw-away-vault.ts'

/** The account that a document is signed for. */
type Signer = 'own' | 'throwAway'

export function Workbench() {
  const { t } = useTranslator()
  const session = useOptionalSession()
  const url = useKeyServer()
  const { desk, current, select, edit, editUnchanged, open, close, remember, clearHistory, restoreHistory } =
    useDesk()
  const [signer, setSigner] = useState<Signer>(session === null ? 'throwAway' : 'own')
  const [panel, setPanel] = useState<Panel>('result')
  const [way, setWay] = useState<readonly SchemaPlace[]>([])
  const cursor = useRef(0)
  const throwAway = useThrowAwayVault(url)
  const { schema, error: schemaError, reload } = useSchema(url)
  const { outcome, run, stop } = useRuns(() =>
    session !== null && signer === 'own' ? session.viewer : throwAway(),
  )
  const showInDocs = useCallback((place: SchemaPlace) => {
    setWay((before) => [...before, place])
    setPanel('docs')
  }, [])
  const language = useMemo(() => documentLanguage(schema, showInDocs), [schema, showInDocs])
  const types = useMemo(
    () => (schema === null ? null : variableTypesOf(schema, current.document)),
    [schema, current.document],
  )
  const variableLanguage = useMemo(() => variablesLanguage(types), [types])
  const variables = parseObject(current.variables)

  const start = () => {
    if (variables === null) return
    setPanel('result')
    remember(current)
    run(operationAt(current.document, cursor.current), variables)
  }
  const startAt = (view: EditorView) => {
    cursor.current = view.state.selection.main.head
    start()
  }
  const prettify = async () => {
    const document = await prettifyDocument(current.document)
    editUnchanged(current, { document, variables: prettifyVariables(current.variables) })
  }
  const openExample = (name: string) => {
    const example = examples[name]
    if (example !== undefined) open(example.document, JSON.stringify(example.variables, null, 2))
  }
  const offerUndo = (title: string, run: () => void) => {
    showToast({ tone: 'ok', title, action: { label: t(uiMessages.undo), run } })
  }
  const keys = {
    'Mod-Enter': startAt,
    'Shift-Mod-p': () => void prettify(),
    'Mod-k': (view: EditorView) => {
      const place = schema === null ? null : placeAt(schema, view.state)
      if (place !== null) showInDocs(place)
    },
  }
  return (
    <>
      {session?.owner === null && signer === 'own' && <Notice>{t(m.viewer)}</Notice>}
      <Card>
        <div className={styles.bar}>
          {session !== null && (
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
          )}
          <Select
            label={t(m.example)}
            value={null}
            placeholder={t(m.chooseExample)}
            options={Object.keys(examples).map((value) => ({ value, label: value }))}
            onChange={openExample}
          />
        </div>
        {signer === 'throwAway' && (
          <Muted>{t(session === null ? m.onlyThrowAwayText : m.throwAwayText)}</Muted>
        )}
      </Card>
      <div className={styles.desk}>
        <Card>
          <SheetTabs
            sheets={desk.sheets}
            currentId={current.id}
            onSelect={select}
            onClose={(sheet) => {
              close(sheet.id)
              offerUndo(t(m.closed), () => {
                open(sheet.document, sheet.variables)
              })
            }}
            onOpen={() => {
              open('', '{}')
            }}
          />
          <CodeEditor
            key={current.id}
            label={t(m.document)}
            value={current.document}
            extensions={language}
            keys={keys}
            size="medium"
            onChange={(document) => {
              edit(current.id, { document })
            }}
            onCursor={(position) => {
              cursor.current = position
            }}
          />
          <h2 className={styles.label}>{t(m.variables)}</h2>
          <CodeEditor
            key={`${current.id} variables`}
            label={t(m.variables)}
            value={current.variables}
            extensions={variableLanguage}
            keys={{ 'Mod-Enter': start, 'Shift-Mod-p': () => void prettify() }}
            size="small"
            onChange={(text) => {
              edit(current.id, { variables: text })
            }}
          />
          {variables === null && <p className={styles.wrong}>{t(m.variablesWrong)}</p>}
          <Row>
            {outcome.isRunning ? (
              <Button key="stop" icon="stop" onPress={stop}>
                {t(m.stop)}
              </Button>
            ) : (
              <Button key="run" kind="primary" icon="play" isDisabled={variables === null} onPress={start}>
                {t(m.run)}
              </Button>
            )}
            <Button icon="wand" onPress={() => void prettify()}>
              {t(m.prettify)}
            </Button>
            <CopyButton text={codeOf(current)} name={t(m.code)} kind="secondary">
              {t(m.copyCode)}
            </CopyButton>
          </Row>
          <Muted>{t(m.keys)}</Muted>
        </Card>
        <SidePanel
          panel={panel}
          onPanel={setPanel}
          outcome={outcome}
          schema={schema}
          schemaError={schemaError}
          onReload={reload}
          way={way}
          onGo={setWay}
          onExample={openExample}
          history={desk.history}
          onOpen={open}
          onClear={() => {
            clearHistory()
            offerUndo(t(m.historyCleared), () => {
              restoreHistory(desk.history)
            })
          }}
        />
      </div>
    </>
  )
}

/** The same as a program of one's own would write it. */
function codeOf({ document, variables }: { document: string; variables: string }): string {
  const text = document.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')
  const isSubscription = operationAt(document).isSubscription
  const call = isSubscription
    ? `for await (const data of vault.subscribe(document, { variables })) console.log(data)`
    : `const data = await vault.graphql(document, variables)`
  return `const document = \`${text}\`\nconst variables = ${variables.trim() || '{}'}\n${call}\n`
}
