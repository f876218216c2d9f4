import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { secretNames, settingVariables } from '../../server/settings/settings.ts'

/* The files of deploy/ that run a key server, where no container engine runs: parsed, and compared with the code. */

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFile(`${root}${path}`, 'utf8')

/** The variables that are no settings of the key server, and the secrets that are not in files. */
function wrongVariables(names: readonly string[]): string[] {
  return names.filter((name) => !settingVariables.includes(name) || secretNames.includes(name))
}

test('a variable that is misspelt, and a secret that is no file, are found (negative control)', () => {
  expect(
    wrongVariables(['PUBLIC_URL', 'PUBLIC_URLS', 'SERVER_KEY_SECRET', 'SERVER_KEY_SECRET_FILE']),
  ).toEqual(['PUBLIC_URLS', 'SERVER_KEY_SECRET'])
})

describe('the Dockerfile', async () => {
  const lines = (await read('deploy/docker/Dockerfile'))
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line !== '')
  const instructions = lines.map((line) => {
    const { name = '', rest = '' } = /^(?<name>[A-Z]+) +(?<rest>.*)$/.exec(line.trim())?.groups ?? {}
    return { name, rest }
  })
  /** The last stage, which is the image. */
  const image = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'))
  const of = (wanted: string) => image.filter(({ name }) => name === wanted).map(({ rest }) => rest)

  test('has instructions of Docker alone, in the lines of which nothing is left over', () => {
    const known = 'FROM ENV WORKDIR COPY RUN USER EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT'.split(' ')
    expect(instructions.filter(({ name }) => !known.includes(name))).toEqual([])
    expect(image.length).toBeGreaterThan(7)
  })

  test('runs the packed server as an unprivileged user, process 1, which gets SIGTERM', async () => {
    const { bin } = z
      .object({ bin: z.record(z.string(), z.string()) })
      .parse(JSON.parse(await read('server/package.json')))
    expect(of('USER')).toEqual(['node'])
    expect(of('STOPSIGNAL')).toEqual(['SIGTERM'])
    // As a list: a shell would be process 1, and hand no signal on.
    expect(JSON.parse(of('ENTRYPOINT')[0] ?? '')).toEqual([
      'node',
      `/app/node_modules/@claviger/server/${bin['claviger-server'] ?? ''}`,
    ])
    const after = image.findIndex(({ name }) => name === 'USER')
    expect(image.slice(after).map(({ name }) => name)).not.toContain('RUN')
  })

  test('sets only settings of the server, and has no secret', () => {
    const names = of('ENV').flatMap((text) => [...text.matchAll(/(\w+)=/g)].map(([, name = '']) => name))
    expect(names).toContain('NODE_ENV')
    expect(wrongVariables(names)).toEqual([])
  })

  test('gets nothing of the secrets that compose.yaml has', async () => {
    expect((await read('.dockerignore')).split('\n')).toEqual(
      expect.arrayContaining(['deploy/docker/.env', 'deploy/docker/secrets']),
    )
  })
})

test('compose.yaml runs it read-only and without capabilities, with secrets in files', async () => {
  const text = await read('deploy/docker/compose.yaml')
  const { services, secrets, networks } = z
    .object({
      services: z.record(
        z.string(),
        z.looseObject({
          environment: z.record(z.string(), z.string()),
          secrets: z.array(z.string()).default([]),
          networks: z.array(z.string()),
          depends_on: z.unknown().optional(),
        }),
      ),
      secrets: z.record(z.string(), z.object({ file: z.string() })),
      networks: z.record(z.string(), z.object({ internal: z.boolean().optional() })),
    })
    .parse(parse(text))
  const server = services['key-server']
  expect(server).toMatchObject({ read_only: true, cap_drop: ['ALL'], tmpfs: ['/tmp'] })
  expect(wrongVariables(Object.keys(server?.environment ?? {}))).toEqual([])
  for (const service of Object.values(services)) {
    for (const [name, value] of Object.entries(service.environment)) {
      if (name.endsWith('_FILE'))
        expect(service.secrets.map((secret) => `/run/secrets/${secret}`)).toContain(value)
    }
    expect(Object.keys(secrets)).toEqual(expect.arrayContaining(service.secrets))
  }
  expect(services['database']?.networks).toEqual(['inner'])
  expect(networks['inner']).toEqual({ internal: true })
  const set = [...(await read('deploy/docker/env.example')).matchAll(/^(\w+)=/gm)].map(([, name]) => name)
  const used = [...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name)
  expect([...new Set(used)]).toEqual(set)
})

test('the Kubernetes manifests run it read-only and unprivileged, with probes and secrets in files', async () => {
  const documents = parseAllDocuments(await read('deploy/kubernetes/claviger.yaml'))
  expect(documents.flatMap(({ errors }) => errors)).toEqual([])
  const kinds = documents.map((document) => z.looseObject({ kind: z.string() }).parse(document.toJS()))
  expect(kinds.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['Service', 'Deployment', 'PodDisruptionBudget']),
  )
  const container = z.looseObject({
    env: z.array(z.object({ name: z.string(), value: z.string() })),
    volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })),
  })
  const pod = z
    .object({
      spec: z.object({
        template: z.object({
          spec: z.looseObject({
            containers: z.tuple([container]),
            volumes: z.array(z.looseObject({ name: z.string() })),
          }),
        }),
      }),
    })
    .parse(kinds.find(({ kind }) => kind === 'Deployment')).spec.template.spec
  const [server] = pod.containers
  expect(pod).toMatchObject({ securityContext: { runAsNonRoot: true }, automountServiceAccountToken: false })
  expect(server).toMatchObject({
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    startupProbe: { httpGet: { path: '/readyz' } },
    readinessProbe: { httpGet: { path: '/readyz' } },
    livenessProbe: { httpGet: { path: '/healthz' } },
  })
  expect(wrongVariables(server.env.map(({ name }) => name))).toEqual([])
  const mounts = server.volumeMounts.map(({ mountPath }) => mountPath)
  for (const { name, value } of server.env) {
    if (name.endsWith('_FILE')) expect(mounts.some((path) => value.startsWith(`${path}/`))).toBe(true)
  }
  expect(pod.volumes.map(({ name }) => name)).toEqual(server.volumeMounts.map(({ name }) => name))
})

test.each(['claviger.service', 'claviger-backup.service'])(
  'the systemd unit %s sets only settings of the server and has no rights, and systemd finds nothing wrong with it',
  async (name) => {
    const unit = await read(`deploy/systemd/${name}`)
    const names = [...unit.matchAll(/^Environment=(.*)$/gm)].flatMap(([, text = '']) =>
      [...text.matchAll(/(\w+)=/g)].map(([, variable = '']) => variable),
    )
    expect(names).toContain('DATA_DIR')
    expect(wrongVariables(names)).toEqual([])
    for (const line of [
      'DynamicUser=yes',
      'NoNewPrivileges=yes',
      'ProtectSystem=strict',
      'CapabilityBoundingSet=',
    ]) {
      expect(unit).toContain(`\n${line}\n`)
    }
    expect(await verifiedBySystemd(name)).toBe('')
  },
)

test('the timer of backups runs the service that makes one as the server, and systemd finds nothing wrong with it', async () => {
  const [timer, backup, server] = await Promise.all(
    ['claviger-backup.timer', 'claviger-backup.service', 'claviger.service'].map((name) =>
      read(`deploy/systemd/${name}`),
    ),
  )
  expect(timer).toContain('\nOnCalendar=daily\n')
  const sharing = /^(?:User|EnvironmentFile|DynamicUser|StateDirectoryMode)=.*$/gm
  expect(backup?.match(sharing)?.sort()).toEqual(server?.match(sharing)?.sort())
  const programOf = (unit = '') => /^ExecStart=(\S+ \S+ \S+)/m.exec(unit)?.[1]
  expect(programOf(backup)).toBe(programOf(server))
  expect(await verifiedBySystemd('claviger-backup.timer')).toBe('')
})

/** The complaints of systemd about a unit. Where it is not installed there are none, and that is said. */
async function verifiedBySystemd(name: string): Promise<string> {
  const verify = promisify(execFile)('systemd-analyze', ['verify', `${root}deploy/systemd/${name}`])
  const { stderr } = await verify.catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    process.stdout.write('Not verified, test/tooling/deploy: systemd-analyze is not installed.\n')
    return { stderr: '' }
  })
  return stderr
}
