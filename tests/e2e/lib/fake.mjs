// A fake API server for one test, and the controls of it.
import { buildFakeServer, spawnFakeServer } from '../../../scripts/lib/fake-server.mjs'
import { buildPage, pageFolder } from '../../../scripts/lib/page.mjs'

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

  get url() {
    return this.#server.url
  }

  /** The rows of a collection as the server has them now. */
  state(path = '/api/v1/pods') {
    return this.#control('GET', `state?path=${encodeURIComponent(path)}`)
  }

  fault(fault) {
    return this.#control('POST', 'faults', fault)
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

  become(profile) {
    return this.#control('POST', 'profile', { profile })
  }

  /** What was asked so far. */
  requests() {
    return this.#control('GET', 'requests')
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
