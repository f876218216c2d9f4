import { parseObject } from './editor/variables-language.ts'

/** A document laid out anew, its comments kept. Prettier comes when it is first asked for. @returns what it was when it is none */
export async function prettifyDocument(text: string): Promise<string> {
  const [prettier, graphqlPlugin] = await Promise.all([
    import('prettier/standalone'),
    import('prettier/plugins/graphql'),
  ])
  return prettier
    .format(text, { parser: 'graphql', plugins: [graphqlPlugin], printWidth: 72 })
    .then((pretty) => pretty.trimEnd())
    .catch(() => text)
}

export function prettifyVariables(text: string): string {
  const values = parseObject(text)
  return values === null ? text : JSON.stringify(values, null, 2)
}
