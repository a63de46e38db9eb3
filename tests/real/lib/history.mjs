// What a server had of a collection at every version: a LIST and then a WATCH of our own, so that whatever a page claims to
// show at a version can be judged.
import { accept } from '../../../scripts/lib/kube-client.mjs'

export class History {
  #client
  #path
  #timeline = new Timeline()
  #last
  #watching
  #stopped = false

  /** Follows the collection at `path` from now on, by a client of its own, which is closed with it. */
  static async follow(client, path) {
    const history = new History(client, path)
    await history.resume()
    return history
  }

  constructor(client, path) {
    this.#client = client
    this.#path = path
  }

  /**
   * After the server was gone: what its last writes were is not known, all that follows is. `seen`: the last version that a page
   * had before, which may be later than ours.
   */
  async resume(seen) {
    await this.#watching
    const headers = { Accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' }
    const { metadata, items } = await this.#client.json(this.#path, { headers })
    this.#timeline.list(metadata.resourceVersion, items.map(identity), seen)
    this.#last = metadata.resourceVersion
    this.#watching = this.#watch()
    this.#watching.catch(() => {})
  }

  /** The last version that is known. */
  get last() {
    return this.#last
  }

  /** The objects at a version as a Map of uid to resourceVersion; undefined where that is not known. */
  at(version) {
    return this.#timeline.at(version)
  }

  /** Resolves when everything up to a version is known. */
  async reached(version, milliseconds = 60_000) {
    const deadline = performance.now() + milliseconds
    while (BigInt(this.#last) < BigInt(version)) {
      if (performance.now() > deadline) throw new Error(`our own watch of ${this.#path} stands at ${this.#last}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async stop() {
    this.#stopped = true
    this.#client.close()
    await this.#watching
  }

  async #watch() {
    while (!this.#stopped) {
      let rest = Buffer.alloc(0)
      const query = `watch=1&allowWatchBookmarks=true&timeoutSeconds=40&resourceVersion=${this.#last}`
      const exchange = await this.#client
        .exchange({
          path: `${this.#path}?${query}`,
          headers: { Accept: accept.metadata },
          onData: ({ status, chunks }) => {
            // A server that is told to stop answers with a Status.
            if (status !== 200) return
            const bytes = Buffer.concat([rest, chunks.splice(0).at(-1)])
            const end = bytes.lastIndexOf('\n') + 1
            rest = bytes.subarray(end)
            for (const line of bytes.subarray(0, end).toString().split('\n')) if (line) this.#event(JSON.parse(line))
          },
        })
        .catch(() => undefined)
      // The server is gone, or about to be: `resume` goes on.
      if (exchange?.end !== 'complete' || exchange.status !== 200) return this.#timeline.cut()
    }
  }

  #event({ type, object }) {
    if (type === 'ERROR') throw new Error(`our own watch of ${this.#path}: ${object.message}`)
    this.#last = object.metadata.resourceVersion
    if (type !== 'BOOKMARK') this.#timeline.change(type, identity(object))
  }
}

/** Lists, and the changes that followed each. */
export class Timeline {
  #segments = []

  /** Holds from after what was `seen`: nobody writes while nobody watches. */
  list(version, objects, seen = version) {
    const from = this.#segments.length > 0 ? BigInt(seen) + 1n : BigInt(version)
    this.#segments.push({ from, until: BigInt(version), isOpen: true, rows: new Map(objects), changes: [] })
  }

  change(type, [uid, version]) {
    const segment = this.#segments.at(-1)
    segment.changes.push({ version: BigInt(version), uid, gone: type === 'DELETED', text: version })
    segment.until = BigInt(version)
  }

  /** No change is known from here on. */
  cut() {
    this.#segments.at(-1).isOpen = false
  }

  at(version) {
    const wanted = BigInt(version)
    const segment = this.#segments.findLast(({ from }) => from <= wanted)
    if (!segment || (!segment.isOpen && wanted > segment.until)) return undefined
    const rows = new Map(segment.rows)
    for (const { version: at, uid, gone, text } of segment.changes) {
      if (at > wanted) break
      if (gone) rows.delete(uid)
      else rows.set(uid, text)
    }
    return rows
  }
}

const identity = ({ metadata }) => [metadata.uid, metadata.resourceVersion]
