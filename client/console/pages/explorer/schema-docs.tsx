import {
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  type GraphQLArgument,
  type GraphQLNamedType,
  type GraphQLSchema,
} from 'graphql'
import { useState, type ReactNode } from 'react'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { Button } from '../../ui/button.tsx'
import { cx } from '../../ui/cx.ts'
import { SearchField } from '../../ui/field.tsx'
import { Muted } from '../../ui/page.tsx'
import type { SchemaPlace } from './editor/document-language.ts'
import { examples } from './examples.ts'
import { explorerMessages as m } from './explorer.messages.ts'
import styles from './explorer.module.css'

export interface SchemaDocsProps {
  readonly schema: GraphQLSchema
  /** The way to the place that is shown; without any the overview is. */
  readonly way: readonly SchemaPlace[]
  readonly onGo: (way: readonly SchemaPlace[]) => void
  /** Opens the example of an operation. */
  readonly onExample: (name: string) => void
}

/** The schema to read: every type and field with its description, by links and by search. */
export function SchemaDocs({ schema, way, onGo, onExample }: SchemaDocsProps) {
  const { t } = useTranslator()
  const [search, setSearch] = useState('')
  const place = way.at(-1)
  const type = place === undefined ? undefined : schema.getType(place.type)
  const open = (next: SchemaPlace) => {
    setSearch('')
    onGo([...way, next])
  }
  return (
    <div className={styles.docs}>
      <SearchField label={t(m.searchDocs)} value={search} onChange={setSearch} />
      {search.trim() !== '' ? (
        <Found schema={schema} search={search.trim()} onOpen={open} />
      ) : type === undefined ? (
        <Overview schema={schema} onOpen={open} />
      ) : (
        <>
          <div className={styles.docsHead}>
            <Button
              kind="quiet"
              onPress={() => {
                onGo(way.slice(0, -1))
              }}
            >
              {`← ${way.at(-2)?.type ?? t(m.allTypes)}`}
            </Button>
          </div>
          <TypeDocs
            schema={schema}
            type={type}
            field={place?.field ?? null}
            onOpen={open}
            onExample={onExample}
          />
        </>
      )}
    </div>
  )
}

interface OpenProps {
  readonly onOpen: (place: SchemaPlace) => void
}

function Overview({ schema, onOpen }: { readonly schema: GraphQLSchema } & OpenProps) {
  const { t } = useTranslator()
  const roots = rootsOf(schema)
  const others = typesOf(schema).filter((type) => !roots.includes(type))
  return (
    <>
      <h3>{t(m.operations)}</h3>
      <ul className={styles.names}>
        {roots.map((type) => (
          <li key={type.name}>
            <TypeLink name={type.name} onOpen={onOpen} />
          </li>
        ))}
      </ul>
      <h3>{t(m.types)}</h3>
      <ul className={styles.names}>
        {others.map((type) => (
          <li key={type.name}>
            <TypeLink name={type.name} onOpen={onOpen} />
          </li>
        ))}
      </ul>
    </>
  )
}

/** Names before descriptions: a search for "revoke" begins with the operation. */
function Found({
  schema,
  search,
  onOpen,
}: { readonly schema: GraphQLSchema; readonly search: string } & OpenProps) {
  const { t } = useTranslator()
  const wanted = search.toLowerCase()
  const has = (text: string | null | undefined) => text?.toLowerCase().includes(wanted) ?? false
  const all = typesOf(schema).flatMap((type) => [
    { type: type.name, field: null, name: type.name, description: type.description },
    ...membersOf(type).map(({ name, description }) => ({ type: type.name, field: name, name, description })),
  ])
  const found = [
    ...all.filter(({ name }) => has(name)),
    ...all.filter((each) => !has(each.name) && has(each.description)),
  ]
  if (found.length === 0) return <Muted>{t(m.nothingFound)}</Muted>
  return (
    <ul className={styles.found}>
      {found.slice(0, foundMax).map(({ type, field, description }) => (
        <li key={`${type}.${field ?? ''}`}>
          <button
            type="button"
            className={styles.link}
            onClick={() => {
              onOpen({ type, field })
            }}
          >
            {field === null ? type : `${type}.${field}`}
          </button>
          <Muted>{firstSentence(description)}</Muted>
        </li>
      ))}
    </ul>
  )
}

const foundMax = 40

function TypeDocs({
  schema,
  type,
  field: shown,
  onOpen,
  onExample,
}: {
  readonly schema: GraphQLSchema
  readonly type: GraphQLNamedType
  readonly field: string | null
  readonly onExample: (name: string) => void
} & OpenProps) {
  const { t } = useTranslator()
  const isRoot = rootsOf(schema).includes(type)
  const possible = isAbstractType(type) ? schema.getPossibleTypes(type) : []
  const interfaces = isObjectType(type) || isInterfaceType(type) ? type.getInterfaces() : []
  return (
    <>
      <h3 className={styles.typeName}>{type.name}</h3>
      {type.description && <p>{unwrapped(type.description)}</p>}
      <Related title={t(m.implementedBy)} types={possible} onOpen={onOpen} />
      <Related title={t(m.implements)} types={interfaces} onOpen={onOpen} />
      <ul className={styles.fields}>
        {membersOf(type).map((member) => (
          <li
            key={member.name}
            className={cx(member.name === shown && styles.shown)}
            ref={(element) => {
              if (member.name === shown) element?.scrollIntoView({ block: 'nearest' })
            }}
          >
            <code className={styles.signature}>
              <strong>{member.name}</strong>
              <Arguments args={member.args} onOpen={onOpen} />
              {member.type !== null && (
                <>
                  {': '}
                  <TypeReference text={member.type} onOpen={onOpen} />
                </>
              )}
            </code>
            {member.description && <p>{unwrapped(member.description)}</p>}
            {member.deprecationReason && <p className={styles.deprecated}>{member.deprecationReason}</p>}
            {isRoot && member.name in examples && (
              <Button
                kind="quiet"
                icon="plus"
                onPress={() => {
                  onExample(member.name)
                }}
              >
                {t(m.openExample)}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}

function Related({
  title,
  types,
  onOpen,
}: { readonly title: string; readonly types: readonly GraphQLNamedType[] } & OpenProps) {
  if (types.length === 0) return null
  return (
    <p className={styles.related}>
      {title}
      {types.map(({ name }) => (
        <TypeLink key={name} name={name} onOpen={onOpen} />
      ))}
    </p>
  )
}

function Arguments({ args, onOpen }: { readonly args: readonly GraphQLArgument[] } & OpenProps): ReactNode {
  if (args.length === 0) return null
  return (
    <>
      {'('}
      {args.map((arg, index) => (
        <span key={arg.name} title={arg.description ?? undefined}>
          {index > 0 && ', '}
          {arg.name}
          {': '}
          <TypeReference text={String(arg.type)} onOpen={onOpen} />
        </span>
      ))}
      {')'}
    </>
  )
}

/** `[TransactionKey!]!`, with a link on the name. */
function TypeReference({ text, onOpen }: { readonly text: string } & OpenProps) {
  const [, before = '', name = '', after = ''] = /^(\[*)(\w+)(.*)$/.exec(text) ?? []
  return (
    <>
      {before}
      <TypeLink name={name} onOpen={onOpen} />
      {after}
    </>
  )
}

function TypeLink({ name, onOpen }: { readonly name: string } & OpenProps) {
  return (
    <button
      type="button"
      className={styles.link}
      onClick={() => {
        onOpen({ type: name, field: null })
      }}
    >
      {name}
    </button>
  )
}

interface Member {
  readonly name: string
  readonly description: string | null | undefined
  readonly args: readonly GraphQLArgument[]
  /** Null of an enum's value. */
  readonly type: string | null
  readonly deprecationReason: string | null | undefined
}

function membersOf(type: GraphQLNamedType): readonly Member[] {
  if (isEnumType(type)) return type.getValues().map((value) => ({ ...value, args: [], type: null }))
  if (isInputObjectType(type))
    return Object.values(type.getFields()).map((field) => ({ ...field, args: [], type: String(field.type) }))
  if (isObjectType(type) || isInterfaceType(type))
    return Object.values(type.getFields()).map((field) => ({ ...field, type: String(field.type) }))
  return []
}

function typesOf(schema: GraphQLSchema): readonly GraphQLNamedType[] {
  return Object.values(schema.getTypeMap())
    .filter((type) => !isIntrospectionType(type))
    .sort((a, b) => a.name.localeCompare(b.name))
}

function rootsOf(schema: GraphQLSchema): readonly GraphQLNamedType[] {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  return roots.filter((type) => type !== null && type !== undefined)
}

function firstSentence(description: string | null | undefined): string {
  return unwrapped(description ?? '').split(/(?<=[.:])\s/)[0] ?? ''
}

/** Without the line breaks inside a paragraph: they are those of the sources. */
function unwrapped(description: string): string {
  return description.replaceAll(/(?<!\n)\n(?!\n)/g, ' ')
}
