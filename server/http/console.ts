import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { extname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { ConsoleMode } from '../key-server-options.ts'
import { sendText } from './responses.ts'
import { pathOf } from './server.ts'

export interface ConsoleOptions {
  readonly mode: ConsoleMode
  /** Where `npm run build:console` has put the files. */
  readonly directory: string
}

/**
 * Serves the console's files from memory. Those under /assets/ have their hash in their name and may be cached for ever; the
 * page and its paths (`/keys/…`) are not cached.
 *
 * @returns a route for every path that no other route has; null when there is no console
 */
export async function createConsoleEndpoint({
  mode,
  directory,
}: ConsoleOptions): Promise<RequestListener | null> {
  const files = mode === 'off' ? null : await readFiles(directory)
  const page = files?.get('/index.html')
  if (mode === 'off' || files === null || page === undefined) return null
  const html = page.body.toString().replace(modeMark, `name="claviger-console" content="${mode}"`)
  files.set('/index.html', await fileOf('/index.html', Buffer.from(html)))
  const headers = pageHeaders(html)
  return (request, response) => {
    const path = pathOf(request)
    const isPage = path === '/' || (!path.includes('.') && isNavigation(request))
    const file = files.get(isPage ? '/index.html' : path)
    if (file === undefined) sendText(response, 404, 'There is nothing here. The API is at /graphql.')
    else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      sendText(response, 405, 'The console is read by GET.')
    } else send(request, response, { file, headers: file.isPage ? headers : assetHeaders })
  }
}

const modeMark = 'name="claviger-console" content="hosted"'

/** Whether a request is a browser's navigation, and not a program's. */
function isNavigation({ headers }: IncomingMessage): boolean {
  return headers.accept?.includes('text/html') ?? false
}

interface ServedFile {
  readonly body: Buffer
  readonly compressed: Buffer | null
  readonly contentType: string
  readonly etag: string
  readonly cacheControl: string
  readonly isPage: boolean
}

const contentTypes: ReadonlyMap<string, string> = new Map([
  ['.css', 'text/css; charset=utf-8'],
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.webmanifest', 'application/manifest+json'],
])

/** Null when nothing was built. */
async function readFiles(directory: string): Promise<Map<string, ServedFile> | null> {
  const names = await readdir(directory, { recursive: true }).catch(() => null)
  if (names === null) return null
  const files = new Map<string, ServedFile>()
  for (const name of names) {
    if (!contentTypes.has(extname(name))) continue
    const path = `/${relative('.', name).split(sep).join('/')}`
    files.set(path, await fileOf(path, await readFile(join(directory, name))))
  }
  return files
}

const compress = promisify(gzip)

async function fileOf(path: string, body: Buffer): Promise<ServedFile> {
  const compressed = await compress(body, { level: 9 })
  const isHashed = path.startsWith('/assets/')
  return {
    body,
    compressed: compressed.length < body.length ? compressed : null,
    contentType: contentTypes.get(extname(path)) ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    cacheControl: isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    isPage: path === '/index.html',
  }
}

function send(
  { method, headers: asked }: IncomingMessage,
  response: ServerResponse,
  { file, headers }: { readonly file: ServedFile; readonly headers: Readonly<Record<string, string>> },
): void {
  const common = { ...headers, 'Cache-Control': file.cacheControl, ETag: file.etag, Vary: 'Accept-Encoding' }
  if (asked['if-none-match'] === file.etag) {
    response.writeHead(304, common).end()
    return
  }
  const takesGzip = /\bgzip\b/.test(asked['accept-encoding']?.toString() ?? '')
  const compressed = takesGzip ? file.compressed : null
  const body = compressed ?? file.body
  response
    .writeHead(200, {
      ...common,
      'Content-Type': file.contentType,
      'Content-Length': body.length,
      ...(compressed !== null && { 'Content-Encoding': 'gzip' }),
    })
    .end(method === 'HEAD' ? undefined : body)
}

const assetHeaders = { 'Cross-Origin-Resource-Policy': 'same-origin' }

/** The page runs its own files and nothing else, connects to its own origin, and evaluates no strings. */
function pageHeaders(html: string): Record<string, string> {
  const policy = [
    "default-src 'none'",
    `script-src ${["'self'", ...inlineHashes(html)].join(' ')}`,
    "style-src 'self'",
    "img-src 'self' data:",
    "manifest-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ]
  return {
    ...assetHeaders,
    'Content-Security-Policy': policy.join('; '),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'Referrer-Policy': 'no-referrer',
    'X-Frame-Options': 'DENY',
  }
}

/** CSP hashes of inline scripts: the import map, which has the integrity of modules that load later. */
function inlineHashes(html: string): string[] {
  return [...html.matchAll(/<script type="importmap">(.*?)<\/script>/gs)].map(
    ([, source = '']) => `'sha256-${createHash('sha256').update(source).digest('base64')}'`,
  )
}
