// A fake API server for one test, and the controls of it.
import { buildFakeServer, spawnFakeServer } from '../../../scripts/lib/fake-server.mjs'
import { buildPage, pageFolder } from '../../../scripts/lib/page.mjs'

/** Names the requests of the tests themselves. */
const ours = 'kube-watchlist-tests'

let built

/** The page and the server's program, built once in each process. */
function build() {
  built ??= buildPage().then(buildFakeServer)
  return built
}

export class Fake {
  #server

  constructor(server) {
    this.#server = server
  }

  /** @param {import('node:test').TestContext} t it ends with the test */
  static async start(t, { profile = '1.37', pods = 300, churn = 0, seed = 7 } = {}) {
    const server = await spawnFakeServer(await build(), { profile, pods, churn, seed, www: pageFolder })
    t.after(() => server.stop())
    return new Fake(server)
  }

  /** The server goes away. */
  stop() {
    return this.#server.stop()
  }

  get url() {
    return this.#server.url
  }

  /** The rows of a collection as the server has them now. */
  state(path = '/api/v1/pods') {
    return this.#control('GET', `state?path=${encodeURIComponent(path)}`)
  }

  /** What a LIST in Table form says of the collection: its columns as they are defined, and whether it has namespaces. */
  async table(path) {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
    const answer = await fetch(`${this.url}${path}?limit=1`, { headers: { accept, 'user-agent': ours } })
    const { columnDefinitions, rows } = await answer.json()
    if (!columnDefinitions || rows.length === 0) throw new Error(`GET ${path}: ${answer.status}, no Table with rows`)
    return { columns: columnDefinitions, namespaced: rows[0].object.metadata.namespace !== undefined }
  }

  fault(fault) {
    return this.#control('POST', 'faults', fault)
  }

  /** Those in force. */
  faults() {
    return this.#control('GET', 'faults')
  }

  mend() {
    return this.#control('DELETE', 'faults')
  }

  mutate(mutation) {
    return this.#control('POST', 'mutate', mutation)
  }

  /** Ends all watches, and forgets the history: who resumes gets 410. */
  restart() {
    return this.#control('POST', 'restart', {})
  }

  /** Forgets the history; watches go on. */
  compact() {
    return this.#control('POST', 'compact', {})
  }

  /** Goes back to an earlier version, as a restored etcd does. */
  restore(resourceVersion) {
    return this.#control('POST', 'restore', { resourceVersion })
  }

  /** How many writes a second the cluster lives with. */
  async churn() {
    return (await this.#control('GET', 'churn')).perSecond
  }

  become(profile) {
    return this.#control('POST', 'profile', { profile })
  }

  /** What the page asked so far. */
  async requests() {
    const requests = await this.#control('GET', 'requests')
    return requests.filter(({ headers }) => new Map(headers).get('user-agent') !== ours)
  }

  /**
   * What the page asked of pods so far, oldest first: `kind` as a fault's `match` names it, `version` and `continued` from
   * the query, beside the log's `time`, `status` and `fault`.
   */
  async asked(end = '/pods') {
    const requests = await this.requests()
    return requests
      .filter(({ path }) => path.endsWith(end))
      .map(({ query, time, status, fault }) => {
        const parameters = new URLSearchParams(query)
        const kind = !parameters.has('watch') ? 'list' : parameters.has('sendInitialEvents') ? 'watchlist' : 'watch'
        const probe = parameters.get('fieldSelector')?.includes('NO-SUCH')
        return {
          kind: probe ? 'probe' : kind,
          version: parameters.get('resourceVersion'),
          continued: parameters.has('continue'),
          time,
          status,
          fault,
        }
      })
  }

  async #control(method, name, body) {
    const answer = await fetch(`${this.url}/_fake/${name}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const value = await answer.json()
    if (!answer.ok) throw new Error(`${method} ${name}: ${answer.status} ${JSON.stringify(value)}`)
    return value
  }
}
