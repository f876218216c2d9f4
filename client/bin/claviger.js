#!/usr/bin/env node
// The command line. `serve`, `server-key`, `application-server`, `accounts`, `invite` and `database` belong to @claviger/server, which
// is looked for first beside this package, then in the current folder, then among the globally installed packages.
// In a checkout the TypeScript sources run as they are; an installed package has dist/ instead.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `claviger needs Node.js 22.18 or newer, and this is ${process.versions.node}. ` +
      'In a checkout "npm ci" brings one along, which "npm start" and "npx claviger" use.\n',
  )
  process.exit(1)
}

const command = process.argv[2]
const isOfServer = [
  'serve',
  'server-key',
  'application-server',
  'accounts',
  'invite',
  'database',
  'doctor',
].includes(command)
const server = isOfServer ? findServer() : null

// Without the server its help is short, and the client's.
if (isOfServer && (server !== null || !process.argv.includes('--help'))) {
  if (server === null) {
    process.stderr.write(
      `"claviger ${command}" needs the package @claviger/server, which is not installed.\n` +
        'Install it with "npm install @claviger/server" (or "npm install --global @claviger/server"),\n' +
        `or run it once without installing: npx @claviger/server ${command}\n`,
    )
    process.exit(1)
  }
  await import(pathToFileURL(server).href)
} else {
  // A thumbprint may begin with a hyphen, and is no option then.
  const [runtime, script, ...args] = process.argv
  const isThumbprint = (text) => /^-[\w-]{42}$/.test(text)
  if (args.some(isThumbprint) && !args.includes('--')) {
    const others = args.filter((text) => !isThumbprint(text))
    process.argv = [runtime, script, ...others, '--', ...args.filter(isThumbprint)]
  }
  await import('./module-resolution.js')
  const isCheckout = existsSync(new URL('../cli/main.ts', import.meta.url))
  await import(new URL(isCheckout ? '../cli/main.ts' : '../dist/client/cli/main.js', import.meta.url).href)
}

/** The path of the server's binary; null when the package is not found. */
function findServer() {
  const manifest =
    resolveFrom(import.meta.url) ?? resolveFrom(join(process.cwd(), 'package.json')) ?? findGlobal()
  if (manifest === null) return null
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8'))
  return join(dirname(manifest), bin['claviger-server'])
}

function resolveFrom(file) {
  try {
    return createRequire(file).resolve('@claviger/server/package.json')
  } catch {
    return null
  }
}

/** Where `npm install --global` puts packages for this Node. */
function findGlobal() {
  const folder = dirname(process.execPath)
  const prefix = process.platform === 'win32' ? folder : join(folder, '../lib')
  const manifest = join(prefix, 'node_modules/@claviger/server/package.json')
  return existsSync(manifest) ? manifest : null
}
