// Resolves the imports of drizzle-orm's files from each other. Node parses the package.json of a file's package again whenever a
// file is resolved, and this one has 130 kB of exports: some 0.4 s of a processor at the start of every command.
import { registerHooks } from 'node:module'

registerHooks({
  resolve: (specifier, context, next) =>
    isWithinDrizzle(specifier, context.parentURL)
      ? { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true }
      : next(specifier, context),
})

/** Its package.json says that its `.js` files are ES modules; those of CommonJS end in `.cjs`. */
function isWithinDrizzle(specifier, parent = '') {
  return /^\.\.?\/.*\.js$/.test(specifier) && parent.includes('/node_modules/drizzle-orm/')
}
