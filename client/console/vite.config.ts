import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const root = fileURLToPath(new URL('.', import.meta.url))
const outDir = join(root, 'dist')

/** The console: static files under client/console/dist, which the key server serves or any other web server. */
export default defineConfig(({ command }) => ({
  root,
  plugins: [react(), subresourceIntegrity()],
  // In development the page and the key server have origins of their own, and the key server signs for its own.
  define: {
    'import.meta.env.VITE_KEY_SERVER': JSON.stringify(command === 'serve' ? 'http://localhost:4000' : ''),
  },
  server: { port: 5173, host: 'localhost', strictPort: true },
  build: {
    outDir,
    emptyOutDir: true,
    target: 'es2024',
    modulePreload: { polyfill: false },
    // One style sheet: it is small, and the order of the layers is that of theme.css alone.
    cssCodeSplit: false,
    // A data: URL would need an exception in the Content-Security-Policy.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
}))

/**
 * Subresource Integrity for everything that the page loads: an `integrity` attribute for what index.html names, and an
 * import map for the modules that load later (HTML §4.12.1.1, "integrity" of an import map).
 */
function subresourceIntegrity(): Plugin {
  return {
    name: 'subresource-integrity',
    apply: 'build',
    writeBundle: {
      order: 'post',
      sequential: true,
      async handler(_options, bundle) {
        const hashes = new Map<string, string>()
        for (const name of Object.keys(bundle)) {
          if (!/\.(?:js|css)$/.test(name)) continue
          const digest = createHash('sha384').update(await readFile(join(outDir, name)))
          hashes.set(`/${name}`, `sha384-${digest.digest('base64')}`)
        }
        const page = join(outDir, 'index.html')
        await writeFile(page, withIntegrity(await readFile(page, 'utf8'), hashes))
      },
    },
  }
}

function withIntegrity(html: string, hashes: ReadonlyMap<string, string>): string {
  const tagged = html.replaceAll(/(?:src|href)="(\/assets\/[^"]+)"/g, (attribute, path: string) => {
    const hash = hashes.get(path)
    return hash === undefined ? attribute : `${attribute} integrity="${hash}"`
  })
  const modules = [...hashes].filter(([path]) => path.endsWith('.js'))
  const map = JSON.stringify({ integrity: Object.fromEntries(modules) })
  // An import map counts only for modules that come after it.
  return tagged.replace(
    '<script type="module"',
    `<script type="importmap">${map}</script>\n    <script type="module"`,
  )
}
