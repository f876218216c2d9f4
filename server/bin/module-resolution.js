// Resolves imports to the files that Node finds, for half of the processor time. Node asks the file system for each file's real path and
// for the package.json that it belongs to, and parses drizzle-orm's, with 130 kB of exports, whenever one of our files imports it.
import { registerHooks } from 'node:module'

/** Folders with ES modules alone in all their `.js` files: our own package, and what it imports most files of. */
const folders = [
  '@claviger/server',
  '@noble/(?:curves|hashes)',
  'drizzle-orm',
  'jose',
  'zod',
  '(?:graphql-yoga|@(?:envelop|graphql-tools|pothos|whatwg-node)/[^/]+)/esm',
]
/** Nothing that lies in a package's own node_modules/. */
const modulesOnly = new RegExp(`/node_modules/(?:${folders.join('|')})/(?!.*/node_modules/)`)

/** In a checkout of all folders of sources; else of this package. */
const root = new URL('../../', import.meta.url).href
const packages = new Map()

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL: parent = '' } = context
    if (/^\.\.?\//.test(specifier)) {
      const format = formatOf(specifier, parent)
      if (format === null) return next(specifier, context)
      return { url: new URL(specifier, parent).href, format, shortCircuit: true }
    }
    if (specifier.startsWith('node:') || !isOurs(parent)) return next(specifier, context)
    // Each folder of sources may have a node_modules/ of its own.
    const [folder] = parent.slice(root.length).split('/', 1)
    const key = `${folder} ${specifier}`
    const found = packages.get(key) ?? { ...next(specifier, context), shortCircuit: true }
    packages.set(key, found)
    return found
  },
})

function isOurs(url) {
  return url.startsWith(root) && !url.includes('/node_modules/', root.length - 1)
}

/** Null: for Node to find out. TypeScript is ours alone, since Node takes none from packages. */
function formatOf(specifier, parent) {
  if (specifier.endsWith('.ts')) return 'module-typescript'
  return specifier.endsWith('.js') && modulesOnly.test(parent) ? 'module' : null
}
