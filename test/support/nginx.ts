import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './connections.ts'

const path = '/usr/sbin:/usr/bin:/usr/local/bin'

/** Why the tests that need nginx do not run here; null when they do. */
export const nginxMissing = findMissing()

function findMissing(): string | null {
  try {
    execFileSync('nginx', ['-v'], { env: { PATH: path }, stdio: 'pipe' })
    return null
  } catch {
    return 'nginx is not installed (Debian: apt-get install nginx-light)'
  }
}

/** An nginx with nothing but `proxy_pass`: HTTP/1.0 to the key server, no Upgrade, and answers held back. */
export async function startNginx({ port, target }: { readonly port: number; readonly target: number }) {
  const directory = await mkdtemp(join(tmpdir(), 'claviger-nginx-'))
  const settings = join(directory, 'nginx.conf')
  await writeFile(
    settings,
    `daemon off;
master_process off;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log;
events {}
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  server {
    listen 127.0.0.1:${String(port)};
    location / { proxy_pass http://127.0.0.1:${String(target)}; }
  }
}
`,
  )
  const child = spawn('nginx', ['-p', directory, '-c', settings, '-e', `${directory}/error.log`], {
    env: { PATH: path },
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  const answers = () =>
    fetch(`http://127.0.0.1:${String(port)}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    )
  await eventually(answers, { withinMs: 10_000, what: 'nginx answers' })
  return {
    stop: async () => {
      child.kill('SIGKILL')
      await ended
      await rm(directory, { recursive: true, force: true })
    },
  }
}
