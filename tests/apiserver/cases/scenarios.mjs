// What takes more than one request: pages and compaction, history, restarts, rights, a definition that changes, load.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { boatsDefinition } from '../../../scripts/lib/boats.mjs'
import { accept, isInitialEnd } from '../../../scripts/lib/kube-client.mjs'
import { checkInvariants, shape } from '../lib/shape.mjs'
import { seed } from '../lib/world.mjs'
import { get, initial, status, watch, watchList } from './requests.mjs'

const pods = '/api/v1/namespaces/shop/pods'
const configmaps = '/api/v1/namespaces/shop/configmaps'
const settings = ['settings-0', 'settings-1', 'settings-2', 'settings-3', 'settings-4']

const LINE_END = 10

const at = (request, namespace) => ({ ...request, path: request.path.replace('/shop/', `/${namespace}/`) })
const list = (exchange) => JSON.parse(exchange.text())
const names = (exchange) => list(exchange).rows.map((row) => row.object.metadata.name)
const expired = (message, more = '') => [`Status v1 Failure Expired 410${more}`, message]

/** Asks again until the answer is as wanted: for what a server does in its own time. */
async function eventually(ask, wanted, within = 30_000) {
  const deadline = performance.now() + within
  for (;;) {
    const answer = await ask()
    if (wanted(answer) || performance.now() > deadline) return answer
    await sleep(250)
  }
}

/** Where a stream that went on is left. */
const twoEvents = (exchange) => exchange.events().length === 2
const isInitial = (exchange) => exchange.events().some(isInitialEnd)

/** Opens a watch and calls `then` at the end of its initial events; resolves with the exchange when it ended. */
function open(client, request, then) {
  let called = false
  return client.exchange({
    ...request,
    onData: (exchange) => {
      if (called || exchange.status !== 200 || !isInitial(exchange)) return
      called = true
      then(exchange)
    },
  })
}

/** Who may do what, as RBAC says it. */
export async function grant({ client }, user, verbs, resources = ['pods']) {
  const base = '/apis/rbac.authorization.k8s.io/v1'
  const group = 'rbac.authorization.k8s.io'
  const rules = [{ apiGroups: ['', 'harbor.example'], resources, verbs }]
  await client.json(`${base}/clusterroles`, { method: 'POST', body: { metadata: { name: user }, rules } })
  const binding = {
    metadata: { name: user },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: user },
    subjects: [{ kind: 'User', name: user, apiGroup: group }],
  }
  await client.json(`${base}/clusterrolebindings`, { method: 'POST', body: binding })
}

export const scenarios = [
  {
    name: 'all pages of a list are of one resourceVersion, whatever changes between them',
    run: async ({ client, world }) => {
      await seed(world, 'pages')
      const first = list(await client.exchange(at(get(configmaps, { limit: 2 }), 'pages')))
      await world.delete('configmaps', 'pages', 'settings-4')
      await world.create('configmaps', 'pages', 'later')
      const seen = first.rows.map((row) => row.object.metadata.name)
      let token = first.metadata.continue
      while (token) {
        const page = list(await client.exchange(at(get(configmaps, { limit: 2, continue: token }), 'pages')))
        assert.equal(page.metadata.resourceVersion, first.metadata.resourceVersion)
        seen.push(...page.rows.map((row) => row.object.metadata.name))
        token = page.metadata.continue
      }
      assert.deepEqual(seen, settings)
    },
  },
  {
    name: 'a WATCH from an old resourceVersion replays what the cache remembers',
    run: async ({ client, world }) => {
      await seed(world, 'old')
      const { metadata } = list(await client.exchange(at(get(configmaps, { limit: 1 }), 'old')))
      await world.patch('configmaps', 'old', 'settings-0', { data: { k: 'w' } })
      await world.delete('configmaps', 'old', 'settings-1')
      const request = at(watch(configmaps, { resourceVersion: metadata.resourceVersion, timeoutSeconds: 30 }), 'old')
      const exchange = await client.exchange({ ...request, until: twoEvents })
      assert.deepEqual(shape(exchange), ['HTTP 200', 'MODIFIED Table 3 columns settings-0', 'DELETED Table settings-1'])
    },
  },
  {
    name: 'an object of the same name made again has another uid, and DELETED carries its own resourceVersion',
    run: async ({ client, world }) => {
      await seed(world, 'again')
      const { metadata } = list(await client.exchange(at(get(configmaps, { limit: 1 }), 'again')))
      await world.delete('configmaps', 'again', 'settings-0')
      await world.create('configmaps', 'again', 'settings-0')
      const request = watch(
        configmaps,
        { resourceVersion: metadata.resourceVersion, timeoutSeconds: 30 },
        { Accept: accept.json },
      )
      const [deleted, added] = (await client.exchange({ ...at(request, 'again'), until: twoEvents })).events()
      assert.deepEqual([deleted.type, added.type], ['DELETED', 'ADDED'])
      assert.notEqual(deleted.object.metadata.uid, added.object.metadata.uid)
      const [gone, back] = [deleted, added].map(({ object }) => BigInt(object.metadata.resourceVersion))
      assert.ok(BigInt(metadata.resourceVersion) < gone && gone < back, `${gone} is no version of its own`)
    },
  },
  {
    name: 'rights to list or to watch alone',
    real: true,
    run: async (target, { tables }) => {
      await grant(target, 'lister', ['get', 'list'])
      await grant(target, 'watcher', ['get', 'watch'])
      const forbidden = (user, verb, where = 'in the namespace "shop"') =>
        status(
          403,
          'Forbidden',
          `pods is forbidden: User "${user}" cannot ${verb} resource "pods" in API group "" ${where}`,
          { kind: 'pods' },
        )
      const ask = async (user, request) => {
        const client = target.as(user)
        const exchange = await client.exchange(request)
        client.close()
        return shape(exchange)
      }
      const web = ['web-0', 'web-1', 'web-2']
      // The authorizer reads its rules through a watch of its own.
      await eventually(
        () => ask('watcher', get(pods, { watch: 1, resourceVersion: 0, timeoutSeconds: 1 })),
        ([head]) => head === 'HTTP 200',
      )
      assert.deepEqual(await ask('lister', get(pods)), ['HTTP 200', 'Table 9 columns', ...web])
      assert.deepEqual(await ask('lister', watchList(pods)), forbidden('lister', 'watch'))
      assert.deepEqual(await ask('watcher', get(pods)), forbidden('watcher', 'list'))
      assert.deepEqual(await ask('watcher', watchList(pods)), initial(tables ? 'Table' : 'Pod', web, 9))
      assert.deepEqual(await ask('nobody', watchList(pods)), forbidden('nobody', 'watch'))
      assert.deepEqual(await ask('nobody', get(pods)), forbidden('nobody', 'list'))
      assert.deepEqual(
        await ask('nobody', watchList('/api/v1/pods')),
        forbidden('nobody', 'watch', 'at the cluster scope'),
      )
    },
  },
  {
    name: '5,000 configmaps, then a thousand changes: the stream ends with what a LIST of its last resourceVersion says',
    run: async ({ client, world }) => {
      await world.create('namespaces', undefined, 'many')
      await world.createMany('configmaps', 'many', 'c', 5000)
      const writes = async () => {
        let next = 0
        const one = async (index) => {
          if (index % 3 === 0) await world.create('configmaps', 'many', `new-${index}`)
          else if (index % 3 === 1)
            await world.patch('configmaps', 'many', `c-${index}`, { data: { k: String(index) } })
          else await world.delete('configmaps', 'many', `c-${index}`)
        }
        const worker = async () => {
          for (let index = next++; index < 1000; index = next++) await one(index)
        }
        await Promise.all(Array.from({ length: 4 }, worker))
        await world.create('configmaps', 'many', 'last-of-all')
      }
      let changes
      const request = at(watchList(configmaps, { timeoutSeconds: 60 }, { Accept: accept.metadata }), 'many')
      // Looked for in what just came: the whole stream is megabytes.
      const latest = ({ chunks }) => Buffer.concat(chunks.slice(-2))
      const exchange = await client.exchange({
        ...request,
        onData: (exchange) => {
          if (!changes && latest(exchange).includes('initial-events-end')) changes = writes()
        },
        until: (exchange) => {
          const text = latest(exchange)
          return text.includes('last-of-all') && text.at(-1) === LINE_END
        },
      })
      assert.ok(changes, 'the initial events never ended')
      await changes
      checkInvariants(exchange)
      const events = exchange.events()
      const end = events.findIndex(isInitialEnd)
      assert.equal(end, 5000)
      const rows = new Map()
      for (const { type, object } of events) {
        if (type === 'BOOKMARK') continue
        if (type === 'DELETED') rows.delete(object.metadata.name)
        else rows.set(object.metadata.name, object.metadata.resourceVersion)
      }
      const last = events.at(-1).object.metadata.resourceVersion
      const whole = await client.json(
        at(get(configmaps, { resourceVersion: last, resourceVersionMatch: 'Exact' }), 'many').path,
      )
      assert.deepEqual(
        [...rows].sort(),
        whole.items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]).sort(),
      )
      // 334 made, 333 deleted, and the last one.
      assert.equal(rows.size, 5002)
    },
  },
  {
    name: 'a definition that gets a column ends its watches, and the next has the column',
    real: true,
    run: async ({ client }, { tables }) => {
      const boats = '/apis/harbor.example/v1/namespaces/shop/boats'
      const definition = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/boats.harbor.example'
      let patched
      const patch = () => {
        patched = client.json(definition, {
          method: 'PATCH',
          body: { spec: boatsDefinition(['Berth']).spec },
          headers: { 'Content-Type': 'application/merge-patch+json' },
        })
      }
      const exchange = await open(client, watchList(boats, { timeoutSeconds: 50 }), patch)
      await patched
      assert.equal(exchange.end, 'complete')
      assert.ok(exchange.milliseconds < 30_000, 'the watch outlived the change')
      assert.deepEqual(shape(exchange), initial(tables ? 'Table' : 'Boat', ['argo', 'hulk'], 6))
      const next = await eventually(
        () => client.exchange(get(boats)),
        (answer) => answer.status === 200 && list(answer).columnDefinitions.length === 7,
      )
      assert.deepEqual(shape(next), ['HTTP 200', 'Table 7 columns', 'argo', 'hulk'])
    },
  },
  {
    name: 'a continue token that compaction has overtaken is 410 with a token that goes on',
    own: { flags: ['--etcd-compaction-interval=2s'] },
    run: async ({ client, world, compact }) => {
      const { metadata } = list(await client.exchange(get(configmaps, { limit: 2 })))
      await world.create('configmaps', 'shop', 'later')
      await compact()
      const rest = get(configmaps, { limit: 2, continue: metadata.continue })
      const gone = await eventually(
        async () => {
          // Compaction needs something to forget.
          await world.patch('configmaps', 'shop', 'settings-0', { data: { k: String(Math.random()) } })
          return client.exchange(rest)
        },
        (answer) => answer.status !== 200,
      )
      assert.deepEqual(shape(gone), [
        'HTTP 410',
        ...expired(
          'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
          ' continue',
        ),
      ])
      const fresh = list(gone).metadata.continue
      const onward = await client.exchange(get(configmaps, { limit: 2, continue: fresh }))
      assert.deepEqual(names(onward), ['settings-2', 'settings-3'])
      assert.notEqual(list(onward).metadata.resourceVersion, metadata.resourceVersion)
    },
  },
  {
    name: 'a restart ends open watches; a WATCH from before it is 410 in the stream, a WatchList is whole',
    own: {},
    run: async ({ client, world, restart }, { tables }) => {
      const before = list(await client.exchange(get(configmaps, { limit: 1 }))).metadata.resourceVersion
      let restarted
      const stream = await open(client, watchList(configmaps, { timeoutSeconds: 50 }), async (exchange) => {
        await world.patch('configmaps', 'shop', 'settings-0', { data: { k: 'w' } })
        // A server that ends may not send what it has not sent yet; a bookmark may follow it.
        await eventually(
          async () => exchange.events(),
          (events) => events.some(({ type }) => type === 'MODIFIED'),
        )
        restarted = restart()
      })
      await restarted
      assert.ok(stream.milliseconds < 20_000, `the watch outlived the server: ${stream.milliseconds} ms`)
      const form = tables ? 'Table' : 'ConfigMap'
      assert.deepEqual(shape(stream), [...initial(form, settings, 3), `MODIFIED ${form} settings-0`])
      await world.patch('configmaps', 'shop', 'settings-0', { data: { k: 'x' } })
      const old = await client.exchange(watch(configmaps, { resourceVersion: before, timeoutSeconds: 30 }))
      assert.deepEqual(shape(old), ['HTTP 200', 'ERROR', ...expired('too old resource version: N (N)')])
      const request = watchList(configmaps, { resourceVersion: before, timeoutSeconds: 30 })
      const whole = await client.exchange({ ...request, until: isInitial })
      assert.deepEqual(shape(whole), initial(form, settings, 3))
    },
  },
  {
    name: 'a crash cuts open watches, and what was written is there again',
    real: true,
    own: {},
    run: async ({ client, world, kill }, { tables }) => {
      let killed
      const stream = await open(client, watchList(configmaps, { timeoutSeconds: 50 }), async () => {
        await world.create('configmaps', 'shop', 'written')
        killed = kill()
      })
      await killed
      assert.equal(stream.end, 'cut')
      const whole = await client.exchange({ ...watchList(configmaps, { timeoutSeconds: 30 }), until: isInitial })
      assert.deepEqual(shape(whole), initial(tables ? 'Table' : 'ConfigMap', [...settings, 'written'], 3))
    },
  },
]
