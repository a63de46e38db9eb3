// The demo page before API servers of different versions: how it gets the data, what it says of that, and that the
// table is what the server has.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { closeBrowser, Demo } from './lib/demo.mjs'
import { Fake } from './lib/fake.mjs'

after(closeBrowser)

const profiles = [
  // Compresses WatchList by default, one gzip member a flush: browsers would read the first alone.
  { profile: '1.37', way: 'WatchList/Table', because: /^$/ },
  // WatchList is off by default.
  { profile: '1.33', way: 'List+Watch/Table', because: /HTTP 422.*sendInitialEvents is forbidden/s },
  // Refuses Tables on a streaming list without saying so: whole objects come, under columns of our own.
  { profile: '1.32', way: 'WatchList/Object', because: /sends no Tables on a streaming list/ },
  { profile: '1.26', way: 'List+Watch/Table', because: /HTTP 422.*resourceVersionMatch is forbidden/s },
  // Knows neither parameter and ignores both: only the missing end tells.
  { profile: '1.18', way: 'List+Watch/Table', because: /did not come to its end in time/, limit: 75_000 },
]

describe('versions of Kubernetes', () => {
  for (const { profile, way, because, limit } of profiles) {
    test(`${profile}: ${way}`, async (t) => {
      const fake = await Fake.start(t, { profile })
      const demo = await Demo.open(t, fake)
      const status = await demo.phase('live', limit)
      const { rows } = await fake.state()
      assert.match(
        status.sentence,
        new RegExp(`^${way.replace('+', '\\+')} · ${rows.length} pods in [\\d.]+ m?s · [\\d.]+ [kM]B$`),
      )
      assert.match(status.notes, because)
      await demo.matches()

      const { namespace, name } = rows[0]
      await fake.mutate({ op: 'create', resource: 'pods', namespace, name: 'fresh', count: 3 })
      await fake.mutate({ op: 'delete', resource: 'pods', namespace, name })
      await demo.until((now) => now.rows === rows.length + 2, 'three more rows and one less')
      await demo.matches()

      for (const step of await demo.steps()) {
        if (step.rows > 0) assert.ok(step.rows >= rows.length - 1, `a part was shown: ${JSON.stringify(step)}`)
        if (step.phase === 'live') assert.ok(step.rows > 0 && !step.stale, `not true: ${JSON.stringify(step)}`)
      }
    })
  }

  test('the version changes while the page is open', async (t) => {
    const fake = await Fake.start(t, { profile: '1.37' })
    const demo = await Demo.open(t, fake)
    await demo.phase('live')
    await fake.become('1.26')
    await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'after-the-change' })
    await demo.until((status) => status.phase === 'live' && status.rows === 301, 'live with one more')
    await demo.matches()
  })
})

describe('kinds of resources', () => {
  for (const [hash, path] of [
    ['#/v1/nodes', '/api/v1/nodes'],
    ['#/v1/events?wide', '/api/v1/events'],
    ['#/v1/configmaps', '/api/v1/configmaps'],
    ['#/v1/services', '/api/v1/services'],
    ['#/v1/services?wide', '/api/v1/services'],
    ['#/v1/namespaces', '/api/v1/namespaces'],
    ['#/apps/v1/deployments?wide', '/apis/apps/v1/deployments'],
    ['#/batch/v1/cronjobs', '/apis/batch/v1/cronjobs'],
    ['#/batch/v1/jobs?wide', '/apis/batch/v1/jobs'],
    ['#/v1/pods?namespace=catalog&wide', '/api/v1/namespaces/catalog/pods'],
  ]) {
    test(hash, async (t) => {
      const fake = await Fake.start(t)
      const demo = await Demo.open(t, fake, { hash })
      await demo.phase('live')
      const shown = await demo.rows()
      assert.ok(shown.rows.length > 0, 'there are rows')
      await demo.matches(path)
    })
  }

  test('a custom resource: numbers, booleans, dates and cells that are missing', async (t) => {
    const path = '/apis/harbor.example/v1/boats'
    const fake = await Fake.start(t)
    const demo = await Demo.open(t, fake, { hash: '#/harbor.example/v1/boats' })
    await demo.phase('live')
    await demo.matches(path)
    await demo.page.getByLabel('Wide').check()
    await demo.page.getByRole('columnheader', { name: 'Notes', exact: true }).waitFor()
    await demo.matches(path)

    const { columns, rows } = await demo.rows()
    assert.deepEqual(columns, ['Name', 'Namespace', 'Length', 'Crew', 'Afloat', 'Launched', 'Notes'])
    const [bare] = rows.filter(([name]) => name === 'hulk')
    assert.deepEqual(bare.slice(2), ['', '', '', '', ''])
    const boats = rows.filter((row) => row !== bare)
    assert.ok(boats.length > 1)
    for (const [name, , length, crew, afloat, launched, notes] of boats) {
      assert.match(length, /^\d+(\.\d)?$/)
      assert.match(crew, /^\d+$/)
      assert.match(afloat, /^(true|false)$/)
      assert.match(launched, /^\d+[yd](\d+[dh])?$/)
      assert.equal(notes, `fast\nand "loud" <b>${name}</b> ⚓`)
    }
  })
})
