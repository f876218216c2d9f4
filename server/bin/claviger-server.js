#!/usr/bin/env node
// Runs the key server, or with `server-key`, `application-server`, `accounts`, `invite` or `database` the operator's commands. `claviger serve` and its
// like run this file too, when the package claviger finds it.
// In a checkout the TypeScript sources run as they are; an installed package has dist/ instead.
import { existsSync, readFileSync } from 'node:fs'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `@claviger/server needs Node.js 22.18 or newer, and this is ${process.versions.node}.\n`,
  )
  process.exit(1)
}

const usage = `Usage: claviger-server serve [OPTION]...
       claviger-server server-key --help
       claviger-server application-server --help
       claviger-server accounts --help
       claviger-server invite --help
       claviger-server database --help
       claviger-server doctor --help
       claviger-server --version

Runs the key server, which is also what it does without a command, or the operator's
commands on its database. All have the same settings, as environment variables and, of
"serve", as options: "claviger-server serve --help" lists them, such as
  HOST, PORT      where to listen; 127.0.0.1 and 4000 unless told
  PUBLIC_URL      the origins that clients know it by
  DATABASE_URL    a PostgreSQL; without it one is started, and keeps its data in DATA_DIR
`

const entries = {
  serve: 'main',
  'server-key': 'operator/server-key',
  'application-server': 'operator/application-server',
  accounts: 'operator/accounts',
  invite: 'operator/invite',
  database: 'operator/database',
  doctor: 'operator/doctor',
}

// Without a command its options are those of `serve`.
const [first = '--'] = process.argv.slice(2)
if (first.startsWith('-') && !['--help', '-h', '--version'].includes(first))
  process.argv.splice(2, 0, 'serve')
const command = process.argv[2]
if (Object.hasOwn(entries, command)) {
  const isCheckout = existsSync(new URL('../main.ts', import.meta.url))
  const isHelp = command === 'serve' && process.argv.some((arg) => arg === '--help' || arg === '-h')
  const name = isHelp ? 'operator/serve-help' : entries[command]
  await import('./module-resolution.js')
  const entry = isCheckout ? `../${name}.ts` : `../dist/server/${name}.js`
  await import(new URL(entry, import.meta.url).href)
} else if (command === '--help' || command === '-h') {
  process.stdout.write(usage)
} else if (command === '--version') {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  process.stdout.write(`${manifest.version}\n`)
} else {
  process.stderr.write(`claviger-server has no command "${command}".\n\n${usage}`)
  process.exitCode = 2
}
