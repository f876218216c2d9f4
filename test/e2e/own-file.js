// A file of one's own in the checkout: it asks a key server for its version.
import { readKeyServer } from 'claviger'

const [url] = process.argv.slice(2)
console.log((await readKeyServer({ url })).version)
