/** What every entry of the package exports besides its own `createClient`. */
export { WatchError } from './errors.js'
export type * from './types.js'
