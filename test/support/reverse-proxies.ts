import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './connections.ts'

/** A reverse proxy that runs with the configuration of deploy/, on another port and without TLS. */
export interface ReverseProxy {
  readonly url: string
  stop(): Promise<void>
}

const path = '/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/sbin:/bin'

/** Why the tests that need a program do not run here; null when they do. */
export function missing(program: 'nginx' | 'haproxy'): string | null {
  try {
    execFileSync(program, ['-v'], { env: { PATH: path }, stdio: 'pipe' })
    return null
  } catch {
    return `${program} is not installed (Debian: apt-get install ${program})`
  }
}

/** @param ports where the proxy listens, and the key server behind it */
export async function startNginx(ports: Ports): Promise<ReverseProxy> {
  const site = (await readConfig('nginx/claviger.conf'))
    .replace(/^ {4}listen .*\n/gm, '')
    .replace(/^ {4}ssl_.*\n/gm, '')
    .replace('    server_name', `    listen 127.0.0.1:${String(ports.proxy)};\n    server_name`)
    .replace('127.0.0.1:4000', `127.0.0.1:${String(ports.keyServer)}`)
  return nginxWith(site, ports)
}

/** nginx with nothing but `proxy_pass`: HTTP/1.0 to the key server, no Upgrade, and answers held back. */
export async function startBareNginx(ports: Ports): Promise<ReverseProxy> {
  const site = `
server {
    listen 127.0.0.1:${String(ports.proxy)};
    location / { proxy_pass http://127.0.0.1:${String(ports.keyServer)}; }
}`
  return nginxWith(site, ports)
}

function nginxWith(site: string, { proxy }: Ports): Promise<ReverseProxy> {
  return start('nginx', {
    port: proxy,
    config: (directory) => `
daemon off;
pid ${directory}/nginx.pid;
error_log stderr error;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
${site}
}
`,
    args: (file, directory) => ['-c', file, '-p', directory, '-e', 'stderr'],
  })
}

export async function startHaproxy(ports: Ports): Promise<ReverseProxy> {
  const config = (await readConfig('haproxy/haproxy.cfg'))
    .replace('maxconn 20000', 'maxconn 200')
    .replace(/bind .*/, `bind 127.0.0.1:${String(ports.proxy)}`)
    .replace('127.0.0.1:4000', `127.0.0.1:${String(ports.keyServer)}`)
  return start('haproxy', { port: ports.proxy, config: () => config, args: (file) => ['-db', '-f', file] })
}

interface Ports {
  readonly proxy: number
  readonly keyServer: number
}

async function readConfig(name: string): Promise<string> {
  return readFile(new URL(`../../deploy/${name}`, import.meta.url), 'utf8')
}

async function start(
  program: string,
  {
    port,
    config,
    args,
  }: {
    readonly port: number
    readonly config: (directory: string) => string
    readonly args: (file: string, directory: string) => string[]
  },
): Promise<ReverseProxy> {
  const directory = await mkdtemp(join(tmpdir(), `claviger-${program}-`))
  // Started by root, nginx writes as another user.
  await chmod(directory, 0o777)
  const file = join(directory, `${program}.conf`)
  await writeFile(file, config(directory))
  const child = spawn(program, args(file, directory), {
    env: { PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  const ended = once(child, 'exit')
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await eventually(
      async () => {
        if (child.exitCode !== null) throw new Error(`${program} ended: ${output}`)
        return isListening(port)
      },
      { withinMs: 20_000, what: `${program} listens` },
    )
  } catch (error) {
    await stop()
    throw error
  }
  return { url: `http://127.0.0.1:${String(port)}`, stop }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
