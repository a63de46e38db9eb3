// A page that follows four resources of a namespace, and what it must show of them.
import assert from 'node:assert/strict'
import { prepare, resources, Workload } from '../../../scripts/lib/workload.mjs'
import { History } from './history.mjs'
import { assertEqual, listAt, Moments } from './judge.mjs'

/** Long enough for the slowest machine: what is waited for comes, or is a finding. */
const patience = 60_000

let namespaces = 0

/**
 * Four resources in a namespace of their own, with `count` objects each, and tables of all of them in a browser's page.
 *
 * - `cluster`, `way`: of cluster.mjs.
 * - `expected`: `{ mode, format, fallback }` of every table while it is live.
 */
export class Following {
  static async begin({ cluster, browser, way, expected, count = 60, user }) {
    namespaces += 1
    const namespace = `real-${namespaces}`
    const { client } = cluster.target
    await prepare(client, [namespace])
    const { page, access } = cluster.way(way, user)
    await browser.goto(page)
    const tables = []
    for (const [index, resource] of Object.keys(resources).entries()) {
      const { prefix } = resources[resource]
      const path = `${prefix}/namespaces/${namespace}/${resource}`
      const workload = new Workload({ client, resource, namespaces: [namespace], seed: namespaces * 10 + index })
      await workload.sendAll(workload.creates(count))
      const history = await History.follow(cluster.target.as('admin'), path)
      tables.push({ resource, prefix, path, workload, history, moments: new Moments(history) })
      const [, , group] = /^\/api(s\/([^/]+))?\/v1$/.exec(prefix)
      await browser.call('open', resource, access, { group, version: 'v1', resource, namespaces: [namespace] })
    }
    return new Following({ cluster, browser, namespace, expected, tables })
  }

  constructor(parts) {
    Object.assign(this, parts)
  }

  /** Waits until every table is live at what its own last write made, and compares all of it with the server's LIST of that version. */
  async compare() {
    for (const table of this.tables) {
      const { resource, workload, history } = table
      const version = await workload.mark()
      await history.reached(version)
      await this.until(`${resource} is live at ${version}`, async () => {
        const { phase, resourceVersion } = await this.browser.call('status', resource)
        return phase === 'live' && BigInt(resourceVersion) >= BigInt(version)
      })
      // One frame more: a status may be read before views are drawn.
      const shown = await this.until(`the rows of ${resource} at ${version}`, async () => {
        const shown = JSON.parse(await this.browser.call('shown', resource))
        return shown.total === history.at(shown.status.resourceVersion).size && shown
      })
      const { mode, format, fallbackReason, error } = shown.status
      assert.deepEqual({ mode, format, fallback: fallbackReason?.code, error }, { ...this.expected, error: undefined })
      assertEqual(shown, await listAt(this.cluster.target.client, table.path, shown.status.resourceVersion), {
        ...table,
        format,
      })
    }
  }

  /** Random writes to each resource, all of them at a time. */
  async write(each) {
    await Promise.all(this.tables.map(({ workload }) => workload.sendAll(workload.nextMany(each), 2)))
  }

  /** Judges all that the page showed since the last time; every table must have been live in it. */
  async judge() {
    for (const { resource, moments } of this.tables) {
      const before = moments.live
      moments.judge(await this.steps(resource))
      assert.ok(moments.live > before, `${resource} was never live with rows that could be judged: ${moments.phases}`)
    }
  }

  /** Waits until every table says that it failed, and why; none was ever live or showed a row. */
  async fails({ phase, code, says }) {
    for (const { resource } of this.tables) {
      const { error } = await this.until(`${resource} is ${phase}`, async () => {
        const status = await this.browser.call('status', resource)
        return status.phase === phase && status
      })
      assert.equal(error.code, code)
      assert.match(error.message, new RegExp(says))
      for (const step of await this.steps(resource)) {
        assert.notEqual(step.phase, 'live')
        assert.deepEqual(step.set, [])
      }
    }
  }

  /**
   * Waits until every table is live again by itself. A server that starts refuses what its rules allow until it has read them, for
   * some 50 ms before it calls itself ready.
   */
  async comesBack() {
    for (const { resource } of this.tables) {
      await this.until(`${resource} is live again`, async () => {
        const { phase, error } = await this.browser.call('status', resource)
        assert.notEqual(phase, 'failed', error?.message)
        return phase === 'live'
      })
    }
  }

  /**
   * Kills the server in the middle of writes, looks that nothing is called live until it is back, and starts it again.
   * `gently`: it is told to stop, and ends its streams.
   */
  async crash({ gently = false } = {}) {
    const { server } = this.cluster.target
    // Enough to be cut in the middle; those that fail are of no concern.
    const writes = this.tables.map(({ workload }) => workload.sendAll(workload.nextMany(1000), 2).catch(() => {}))
    const before = this.tables.map(({ history }) => history.last)
    for (const [index, { resource }] of this.tables.entries()) {
      await this.until(`some of the writes to ${resource} are shown`, async () => {
        const { resourceVersion } = await this.browser.call('status', resource)
        return BigInt(resourceVersion) > BigInt(before[index])
      })
    }
    await (gently ? server.halt() : server.kill())
    await Promise.all(writes)
    for (const { resource } of this.tables) {
      await this.until(`${resource} is not live without a server`, async () => {
        const { phase } = await this.browser.call('status', resource)
        return phase !== 'live'
      })
    }
    for (const { resource, moments } of this.tables) moments.judge(await this.steps(resource))
    // Some tries of each table.
    await new Promise((resolve) => setTimeout(resolve, 3000))
    for (const { resource, moments } of this.tables) {
      const steps = await this.steps(resource)
      moments.judge(steps)
      assert.deepEqual(
        steps.filter(({ phase }) => phase === 'live'),
        [],
        `${resource} was called live without a server`,
      )
    }
    const seen = new Map()
    for (const { resource } of this.tables) {
      seen.set(resource, (await this.browser.call('status', resource)).resourceVersion)
    }
    await server.restart()
    for (const table of this.tables) {
      await table.history.resume(seen.get(table.resource))
      // What the old one planned may have come to pass or not.
      table.workload = table.workload.afresh()
    }
  }

  async steps(resource) {
    return JSON.parse(await this.browser.call('steps', resource))
  }

  async until(what, holds) {
    const deadline = performance.now() + patience
    for (;;) {
      const value = await holds()
      if (value) return value
      if (performance.now() > deadline) {
        const statuses = await Promise.all(this.tables.map(({ resource }) => this.browser.call('status', resource)))
        assert.fail(`never: ${what}; ${JSON.stringify(statuses)}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async end() {
    await this.browser.call('closeAll')
    for (const { history } of this.tables) await history.stop()
  }
}
