// Runs in the page: the package, and words that the tests use in it.
import * as events from './events.mjs'
import * as kw from './kube-watchlist/index.js'
import { limitedModule } from './limited-module.mjs'
import { Server } from './server.mjs'

const { sleep } = probe

/** Waits until `holds()` is true and returns what it said. */
async function until(what, holds, milliseconds = 30_000) {
  const end = performance.now() + milliseconds
  for (;;) {
    const value = await holds()
    if (value) return value
    if (performance.now() > end) throw new Error(`never: ${what}`)
    await sleep(10)
  }
}

/** A client of the API on this origin. */
const client = (options = {}) => kw.createClient({ baseUrl: '', ...options })

const SECRETS = { version: 'v1', resource: 'secrets' }
const PODS = { version: 'v1', resource: 'pods' }

/** What a promise came to, as text; an error with all that is in it. */
const outcome = (promise) => promise.then(() => 'resolved', describe)

function describe(error) {
  const own = Object.fromEntries(Object.getOwnPropertyNames(error ?? {}).map((name) => [name, error[name]]))
  return { ...own, name: error?.name, text: String(error), isWatchError: error instanceof kw.WatchError }
}

/** Every status that a watch ever had, as text. */
function recordStatus(watch) {
  const seen = [JSON.stringify(watch.status)]
  watch.addEventListener('status', ({ detail }) => seen.push(JSON.stringify(detail)))
  return seen
}

/**
 * Makes the next piece of a stream that is read panic in the core: JavaScript that the core calls there asks it for something, which
 * it forbids. Returns what takes that back.
 */
function panicInStream(watch) {
  const { subarray } = Uint8Array.prototype
  let inside = false
  Uint8Array.prototype.subarray = function (...args) {
    if (!inside) {
      inside = true
      void watch.status
      inside = false
    }
    return subarray.apply(this, args)
  }
  return () => {
    Uint8Array.prototype.subarray = subarray
  }
}

Object.assign(window, {
  kw,
  until,
  client,
  outcome,
  describe,
  recordStatus,
  panicInStream,
  SECRETS,
  PODS,
  Server,
  limitedModule,
  ...events,
})
document.title = 'ready'
