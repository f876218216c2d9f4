import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

type Route = (request: IncomingMessage, response: ServerResponse) => Promise<void>

interface File {
  readonly type: string
  readonly content: Buffer
  readonly packed: Buffer
}

const page = '/graphql'
const folder = '/graphql/graphiql'

/**
 * GraphiQL, all of it from this server: it works offline, and no script of another origin runs where requests are written.
 * Its files, 9 MB and a quarter of that on the way, are loaded when they are first asked for.
 *
 * @returns the page, and the routes of its files by path
 */
export function createGraphiQL(): { readonly page: Route; readonly files: ReadonlyMap<string, Route> } {
  let loading: Promise<ReadonlyMap<string, File>> | undefined
  const serve =
    (path: string): Route =>
    async (request, response) => {
      const file = (await (loading ??= load())).get(path)
      if (file === undefined) throw new TypeError('Every path has a file.')
      sendFile(request, response, file)
    }
  return { page: serve(page), files: new Map(paths.map((path) => [path, serve(path)])) }
}

const script = `${folder}/graphiql.js`
const style = `${folder}/graphiql.css`
/** By the label that the editor asks for. */
const workers = {
  editorWorkerService: `${folder}/editor.js`,
  json: `${folder}/json.js`,
  graphql: `${folder}/graphql.js`,
} as const
const paths = [script, style, ...Object.values(workers)]

/** The editor makes style elements. Its fonts and pictures are in the style sheet. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  'img-src data:',
  'font-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

function sendFile(
  { headers }: IncomingMessage,
  response: ServerResponse,
  { type, content, packed }: File,
): void {
  const isPacked = headers['accept-encoding']?.includes('gzip') ?? false
  const body = isPacked ? packed : content
  response
    .writeHead(200, {
      'Content-Type': `${type}; charset=utf-8`,
      'Content-Length': body.length,
      ...(isPacked && { 'Content-Encoding': 'gzip' }),
      Vary: 'Accept-Encoding',
      'Content-Security-Policy': contentSecurityPolicy,
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Referrer-Policy': 'no-referrer',
    })
    .end(body)
}

const pack = promisify(gzip)

async function load(): Promise<ReadonlyMap<string, File>> {
  const { js, css, favicon, editorWorkerService, jsonWorker, graphqlWorker } =
    await import('@graphql-yoga/render-graphiql/graphiql')
  const files: readonly (readonly [path: string, type: string, text: string])[] = [
    [page, 'text/html', pageOf(favicon)],
    [script, 'text/javascript', `${environment}\n${js}\n${start}`],
    [style, 'text/css', css],
    [workers.editorWorkerService, 'text/javascript', editorWorkerService],
    [workers.json, 'text/javascript', jsonWorker],
    [workers.graphql, 'text/javascript', graphqlWorker],
  ]
  return new Map(
    await Promise.all(
      files.map(async ([path, type, text]) => {
        const content = Buffer.from(text)
        return [path, { type, content, packed: await pack(content) }] as const
      }),
    ),
  )
}

const environment = `self.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_module, label) => (${JSON.stringify(workers)})[label],
};`

const options = {
  title: 'Claviger',
  defaultQuery: '{\n  keyServer {\n    version\n    time\n  }\n}\n',
}

const start = `YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), ${JSON.stringify(options)});`

function pageOf(favicon: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>${options.title}</title>
    <link rel="icon" href="${favicon}" />
    <link rel="stylesheet" href="${style}" />
    <script defer src="${script}"></script>
  </head>
  <body id="body" class="no-focus-outline">
    <noscript>GraphiQL needs JavaScript.</noscript>
    <div id="root"></div>
  </body>
</html>
`
}
