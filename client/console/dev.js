// The key server, restarted at each change, and beside it the console with hot reload.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'

const root = fileURLToPath(new URL('../../', import.meta.url))
const watched = ['server', 'schema'].map((folder) => `--watch-path=${folder}`)
const keyServer = spawn(process.execPath, ['--watch', ...watched, 'client/bin/claviger.js', 'serve'], {
  cwd: root,
  stdio: 'inherit',
})
const console_ = await createServer({ configFile: fileURLToPath(new URL('vite.config.ts', import.meta.url)) })
await console_.listen()
console_.printUrls()

const stop = (signal) => {
  keyServer.kill(signal)
  void console_.close()
}
process.on('SIGINT', stop)
process.on('SIGTERM', stop)
keyServer.on('exit', (code) => {
  void console_.close().then(() => process.exit(code ?? 0))
})
