import { fork, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { processorMsOf } from './processor-time.ts'

/** A measured server, in a process of its own on loopback. */
export interface BenchServer {
  readonly url: string
  readonly child: ChildProcess
  /** Resident memory, in MB; NaN where the system does not tell. */
  memoryMB(): Promise<number>
  /** Processor time used since it started, in milliseconds, without that of the database; NaN likewise. */
  processorMs(): Promise<number>
  stop(): Promise<void>
}

/** One secret for all servers: those on one database must share it. */
const serverKeySecret = randomBytes(32).toString('base64url')

/**
 * A key server as an operator runs it.
 *
 * @param options.main its program: a URL, or a path from this folder. By default that of this tree
 */
export function startKeyServer(
  databaseUrl: string,
  { main = '../../server/main.ts' }: { readonly main?: string } = {},
): Promise<BenchServer> {
  return startServer(main, {
    path: '/readyz',
    // A line for each request.
    stderr: 'ignore',
    environment: (port) => ({
      DATABASE_URL: databaseUrl,
      SERVER_KEY_SECRET: serverKeySecret,
      PORT: String(port),
      NODE_ENV: 'production',
      RATE_LIMIT: 'off',
    }),
  })
}

/** Starts a script of this folder that listens on the port in its first argument. */
export async function startServer(
  script: string,
  options: {
    readonly args?: readonly string[]
    readonly path?: string
    readonly stderr?: 'inherit' | 'ignore'
    readonly environment?: (port: number) => Record<string, string>
  } = {},
): Promise<BenchServer> {
  const port = await freePort()
  const child = fork(
    fileURLToPath(new URL(script, import.meta.url)),
    [String(port), ...(options.args ?? [])],
    {
      env: { NODE_ENV: 'production', ...options.environment?.(port) },
      stdio: ['ignore', 'ignore', options.stderr ?? 'inherit', 'ipc'],
    },
  )
  const pid = child.pid ?? 0
  const url = `http://127.0.0.1:${port}`
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
    await once(child, 'exit')
    clearTimeout(timer)
  }
  try {
    await untilAnswers(url + (options.path ?? '/'))
  } catch (error) {
    await stop()
    throw error
  }
  return { url, child, memoryMB: () => memoryOf(pid), processorMs: () => processorMsOf(pid), stop }
}

async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? NaN) / 1024
}

/** A busy machine takes long to start a server. */
const readyWithinMs = 60_000

/** Resolves when a server answers there with anything but 503. */
async function untilAnswers(url: string): Promise<void> {
  const deadlineMs = performance.now() + readyWithinMs
  while (performance.now() < deadlineMs) {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => null)
    await response?.body?.cancel()
    if (response !== null && response.status !== 503) return
    await delay(50)
  }
  throw new Error(`A server did not become ready within ${String(readyWithinMs)} ms.`)
}

/** A port of loopback that is free now. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
