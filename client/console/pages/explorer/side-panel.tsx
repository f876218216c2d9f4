import { json } from '@codemirror/lang-json'
import type { GraphQLSchema } from 'graphql'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { Button } from '../../ui/button.tsx'
import { Segments } from '../../ui/choice.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { Badge, EmptyState, Notice } from '../../ui/display.tsx'
import { Failure } from '../../ui/failure.tsx'
import { Loading } from '../../ui/loading.tsx'
import { Card, Muted, Row } from '../../ui/page.tsx'
import { CodeEditor } from './editor/code-editor.tsx'
import { explorerMessages as m } from './explorer.messages.ts'
import styles from './explorer.module.css'
import { operationAt } from './operation.ts'
import { SchemaDocs, type SchemaDocsProps } from './schema-docs.tsx'
import type { Sheet } from './use-desk.ts'
import type { Outcome } from './use-runs.ts'

export type Panel = 'result' | 'docs' | 'history'

export interface SidePanelProps extends Omit<SchemaDocsProps, 'schema'> {
  readonly panel: Panel
  readonly onPanel: (panel: Panel) => void
  readonly outcome: Outcome
  readonly schema: GraphQLSchema | null
  readonly schemaError: unknown
  readonly onReload: () => void
  readonly history: readonly Sheet[]
  readonly onOpen: (document: string, variables: string) => void
  readonly onClear: () => void
}

/** Beside the document: what it gave, what the schema says, what was run before. */
export function SidePanel(props: SidePanelProps) {
  const { t } = useTranslator()
  const { panel, onPanel, schema, schemaError, onReload } = props
  return (
    <Card>
      <Segments<Panel>
        label={t(m.beside)}
        value={panel}
        options={[
          { value: 'result', label: t(m.result) },
          { value: 'docs', label: t(m.docs) },
          { value: 'history', label: t(m.history) },
        ]}
        onChange={onPanel}
      />
      {panel === 'result' && <Result outcome={props.outcome} />}
      {panel === 'docs' &&
        (schema !== null ? (
          <SchemaDocs schema={schema} way={props.way} onGo={props.onGo} onExample={props.onExample} />
        ) : schemaError === null ? (
          <Loading />
        ) : (
          <Failure error={schemaError} onRetry={onReload} />
        ))}
      {panel === 'history' && (
        <History history={props.history} onOpen={props.onOpen} onClear={props.onClear} />
      )}
    </Card>
  )
}

const resultLanguage = json()

function Result({ outcome: { results, isRunning, tookMs, hasFailed } }: { readonly outcome: Outcome }) {
  const { t } = useTranslator()
  const text = results.join('\n\n')
  if (results.length === 0)
    return isRunning ? (
      <Notice isLive>{t(m.waiting)}</Notice>
    ) : (
      <EmptyState icon="code" title={t(m.noResult)}>
        {t(m.noResultText)}
      </EmptyState>
    )
  return (
    <>
      <Row>
        <span role="status">
          <Badge tone={hasFailed ? 'bad' : 'ok'}>
            {t(hasFailed ? m.refused : isRunning ? m.running : m.done)}
          </Badge>
        </span>
        {tookMs !== null && <Muted>{t(m.took, { ms: tookMs })}</Muted>}
        {results.length > 1 && <Muted>{t(m.results, { count: results.length })}</Muted>}
        <CopyButton text={text} name={t(m.result)} />
      </Row>
      <CodeEditor label={t(m.result)} value={text} extensions={resultLanguage} size="large" />
    </>
  )
}

function History({ history, onOpen, onClear }: Pick<SidePanelProps, 'history' | 'onOpen' | 'onClear'>) {
  const { t } = useTranslator()
  if (history.length === 0)
    return (
      <EmptyState icon="clock" title={t(m.noHistory)}>
        {t(m.noHistoryText)}
      </EmptyState>
    )
  return (
    <>
      <ul className={styles.found}>
        {history.map(({ id, document, variables }) => (
          <li key={id}>
            <button
              type="button"
              className={styles.link}
              onClick={() => {
                onOpen(document, variables)
              }}
            >
              {operationAt(document).title || t(m.untitled)}
            </button>
            <code className={styles.preview}>{document.replaceAll(/\s+/g, ' ')}</code>
          </li>
        ))}
      </ul>
      <Row>
        <Button kind="quiet" icon="trash" onPress={onClear}>
          {t(m.clearHistory)}
        </Button>
      </Row>
    </>
  )
}
