// Resolves imports of files to the ones that Node finds, for less of the processor: Node asks the file system for each file's real path
// and for the package.json that it belongs to, which takes a third of a command's time.
import { registerHooks } from 'node:module'

/** Ours, and those that have ES modules in all their `.js` files. Nothing that lies in a package's own node_modules/. */
const modulesOnly =
  /\/node_modules\/(?:@noble\/(?:curves|hashes)|claviger|jose|structured-headers)\/(?!.*\/node_modules\/)/

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL: parent = '' } = context
    const format = /^\.\.?\//.test(specifier) ? formatOf(specifier, parent) : null
    if (format === null) return next(specifier, context)
    return { url: new URL(specifier, parent).href, format, shortCircuit: true }
  },
})

/** Null: for Node to find out. TypeScript is ours alone, since Node takes none from packages. */
function formatOf(specifier, parent) {
  if (specifier.endsWith('.ts')) return 'module-typescript'
  return specifier.endsWith('.js') && modulesOnly.test(parent) ? 'module' : null
}
