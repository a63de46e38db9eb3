// What browsers do with streams of a real kube-apiserver, without the package: the facts that docs/protocol-notes.md tells and
// the package works around. Where one of these turns red, a browser has changed, and something may be simpler than it is.
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { settings } from '../apiserver/lib/settings.mjs'
import { browsers, cuts } from './lib/browsers.mjs'
import { ways } from './lib/cluster.mjs'
import { useWorld } from './lib/world.mjs'

const only = process.env.REAL_ONLY ?? ''
const query =
  'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=120'
const newest = settings.find(({ name }) => name === '1.37')

describe('browsers before a real API server', { concurrency: true }, () => {
  for (const name of browsers.filter((each) => each.includes(only))) {
    describe(name, { concurrency: 1 }, () => {
      const world = useWorld(newest, name)
      let cluster
      let browser
      before(async () => {
        ;({ cluster, browser } = world)
        await cluster.target.world.create('namespaces', undefined, 'facts')
        await cluster.target.world.createMany('configmaps', 'facts', 'seed', 20)
      })

      /** Opens a stream in the page that is there; resolves to what tells of it. */
      const fetch = async (label, { access }, headers) => {
        const authorization = access.token ? { Authorization: `Bearer ${access.token}` } : {}
        const url = `${access.baseUrl}/api/v1/namespaces/facts/configmaps?${query}`
        await browser.call('fetch', label, url, { ...authorization, ...headers })
        return () => browser.call('read', label)
      }
      const until = async (what, read, holds) => {
        for (let tries = 0; tries < 400; tries += 1) {
          const reading = await read()
          if (holds(reading)) return reading
          await sleep(50)
        }
        return assert.fail(`never: ${what}; the stream is ${(await read()).end}`)
      }

      it('does not read past the first gzip members of a streaming list, and needs no gzip with Range', async () => {
        const direct = cluster.way('direct')
        await browser.goto(direct.page)
        const plain = await fetch('plain', direct, {})
        const ranged = await fetch('ranged', direct, { Range: 'bytes=0-' })
        await until('the end of the initial events', ranged, ({ text }) => text.includes('initial-events-end'))
        await until('a first object', plain, ({ text }) => text.includes('"ADDED"'))
        const later = `later-${name.toLowerCase()}`
        await cluster.target.world.create('configmaps', 'facts', later)
        await until('a change after it', ranged, ({ text }) => text.includes(later))
        await sleep(1000)
        const { text } = await plain()
        assert.ok(!text.includes(later), 'this browser reads all members')
      })

      for (const way of ways) {
        it(`${way}: what a page is told when the server dies`, async () => {
          await browser.goto(cluster.way(way).page)
          const read = await fetch('cut', cluster.way(way), { Range: 'bytes=0-' })
          await until('the end of the initial events', read, ({ text }) => text.includes('initial-events-end'))
          await cluster.target.server.kill()
          const expected = cuts[name][way]
          if (expected === 'open') await sleep(3000)
          else await until('an end', read, ({ end }) => end !== 'open')
          assert.equal((await read()).end, expected)
          await cluster.target.server.restart()
        })
      }
    })
  }
})
