// An object opened from its row: its text, its events, where it belongs, and what becomes of it while one reads.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'yaml'
import { closeBrowser, Demo } from './lib/demo.mjs'
import { Fake } from './lib/fake.mjs'
import { until } from './lib/until.mjs'

after(closeBrowser)

/** The page, live, and what there is to do with it. */
async function open(t, { hash = '', pods = 60, prepare = () => {}, ...options } = {}) {
  const fake = await Fake.start(t, { pods, ...options })
  await prepare(fake)
  const demo = await Demo.open(t, fake, { hash })
  await demo.phase('live')
  await demo.drawn()
  const { page } = demo
  const drawer = page.getByRole('dialog')
  const yaml = drawer.getByLabel('The object as YAML')
  return { fake, demo, page, drawer, yaml, row: (name) => page.locator('[role=row]', { hasText: name }) }
}

/** A pod that is owned and runs on a node. */
async function ownedPod(fake) {
  const { rows } = await fake.state()
  for (const { namespace, name, uid } of rows) {
    const object = await (await fetch(`${fake.url}/api/v1/namespaces/${namespace}/pods/${name}`)).json()
    if (object.metadata.ownerReferences?.[0].kind === 'ReplicaSet' && object.spec.nodeName)
      return { namespace, name, uid, node: object.spec.nodeName, owner: object.metadata.ownerReferences[0].name }
  }
  assert.fail('no pod is owned by a ReplicaSet and on a node')
}

const event = (about, reason, message, type = 'Normal') => ({
  op: 'create',
  resource: 'events',
  namespace: about.namespace,
  name: `${about.name}.${reason.toLowerCase()}`,
  object: {
    involvedObject: { kind: 'Pod', apiVersion: 'v1', namespace: about.namespace, name: about.name, uid: about.uid },
    ...{ reason, message, type, source: { component: 'kubelet' }, count: 1 },
    lastTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
  },
})

test('Enter opens the object of a row as YAML, Escape closes it, and the focus is at the row again', async (t) => {
  const { fake, page, drawer, yaml } = await open(t, { hash: '#/v1/pods?sort=Name' })
  const grid = page.getByRole('grid')
  await grid.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  const active = page.locator('.row-active')
  const name = await active.locator('.cell-name').textContent()
  const namespace = (await fake.state()).rows.find((row) => row.name === name).namespace
  await page.keyboard.press('Enter')
  await drawer.getByRole('heading', { name: new RegExp(name) }).waitFor()
  assert.ok(await drawer.evaluate((element) => element.contains(document.activeElement)), 'the focus is in it')

  const server = await (await fetch(`${fake.url}/api/v1/namespaces/${namespace}/pods/${name}`)).json()
  assert.ok(server.metadata.managedFields, 'there is something to leave out')
  delete server.metadata.managedFields
  assert.deepEqual(parse(await yaml.textContent()), server)
  assert.match(page.url(), new RegExp(`open=${namespace}/${name}$`))

  await page.keyboard.press('Escape')
  await drawer.waitFor({ state: 'detached' })
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('role')), 'grid')
  assert.equal(await grid.getAttribute('aria-activedescendant'), await active.getAttribute('id'))
  assert.equal(await active.locator('.cell-name').textContent(), name)
})

test('opening is a step: back closes, forward opens, and the address alone is enough', async (t) => {
  const { page, demo, drawer, row, fake } = await open(t, { hash: '#/v1/pods?sort=Name' })
  const [first, second] = (await fake.state()).rows.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  await row(first.name).click()
  await drawer.getByRole('heading', { name: new RegExp(first.name) }).waitFor()
  await row(second.name).click()
  await drawer.getByRole('heading', { name: new RegExp(second.name) }).waitFor()
  await page.goBack()
  await drawer.getByRole('heading', { name: new RegExp(first.name) }).waitFor()
  await page.goBack()
  await drawer.waitFor({ state: 'detached' })
  assert.match(page.url(), /sort=Name/)
  await page.goForward()
  await drawer.getByRole('heading', { name: new RegExp(first.name) }).waitFor()
  // Closed by hand it is no step of its own: "back" does not have to be pressed twice.
  await page.keyboard.press('Escape')
  await drawer.waitFor({ state: 'detached' })
  await page.goForward()
  await drawer.waitFor()

  await page.reload()
  await demo.phase('live')
  await drawer.getByRole('heading', { name: new RegExp(first.name) }).waitFor()
  await drawer.getByText('as of').waitFor()
})

test('the row that "back" leaves at once does not come into the address', async (t) => {
  // What is not there is looked for longest.
  const { page, drawer, row, fake } = await open(t, { hash: '#/v1/pods?open=default/never-was' })
  await drawer.getByRole('heading', { name: /never-was/ }).waitFor()
  const left = page.url()
  await row((await fake.state()).rows[0].name).click()
  await page.evaluate(() => history.back())
  await drawer.getByRole('heading', { name: /never-was/ }).waitFor()
  // Longer than a selection takes to be written.
  await sleep(600)
  assert.equal(page.url(), left)
})

test('it follows the object: read again when it changes, and said when it is deleted', async (t) => {
  const { fake, page, drawer, yaml, row } = await open(t)
  await fake.mutate({ op: 'create', resource: 'configmaps', namespace: 'default', name: 'settings' })
  await page.goto(`${fake.url}/#/v1/configmaps`)
  await row('settings').click()
  const read = async () => parse(await yaml.textContent())
  assert.deepEqual((await read()).data, { k: 'v' })
  const patch = (data) =>
    fake.mutate({ op: 'patch', resource: 'configmaps', namespace: 'default', name: 'settings', object: { data } })
  await patch({ more: 'one' })
  await until(read, ({ data }) => data.more === 'one', 'the first change')
  // What changes while it is being read is read too, but not with every change: once a second.
  const began = Date.now()
  for (let turn = 0; turn < 20; turn += 1) await patch({ turn: `${turn}` })
  await until(read, ({ data }) => data.turn === '19', 'the last change')
  const reads = (await fake.requests()).filter(({ path }) => path.endsWith('/configmaps/settings')).length
  const seconds = Math.ceil((Date.now() - began) / 1000)
  assert.ok(reads <= 4 + seconds, `${reads} requests for 21 changes in ${seconds} s`)

  await fake.mutate({ op: 'delete', resource: 'configmaps', namespace: 'default', name: 'settings' })
  await drawer.getByText('Deleted. This is what it was').waitFor()
  assert.equal((await read()).data.turn, '19')
  await fake.mutate({ op: 'create', resource: 'configmaps', namespace: 'default', name: 'settings' })
  await drawer.getByRole('button', { name: 'Show the new one of this name' }).click()
  await until(read, ({ data }) => data.turn === undefined && data.k === 'v', 'the new one')
  assert.equal(await drawer.getByText('Deleted').count(), 0)
})

test('also where the filter hides the row', async (t) => {
  const { fake, page, drawer, yaml } = await open(t)
  const { namespace, name } = await ownedPod(fake)
  await page.goto(`${fake.url}/#/v1/pods?q=nothing-is-called-this&open=${namespace}/${name}`)
  await yaml.waitFor()
  await fake.mutate({
    op: 'patch',
    resource: 'pods',
    namespace,
    name,
    object: { metadata: { labels: { seen: 'yes' } } },
  })
  await until(
    async () => parse(await yaml.textContent()).metadata.labels.seen,
    (label) => label === 'yes',
    'read again, and a text',
  )
  await fake.mutate({ op: 'delete', resource: 'pods', namespace, name })
  await drawer.getByText('Deleted. This is what it was').waitFor()
})

test('its events are live, and are its own', async (t) => {
  const { fake, page, drawer } = await open(t)
  const pod = await ownedPod(fake)
  const { rows } = await fake.state()
  const other = rows.find(({ name, namespace }) => name !== pod.name && namespace === pod.namespace)
  await fake.mutate(event(pod, 'Noticed', 'this is about it'))
  await fake.mutate(event(other, 'Elsewhere', 'this is about another'))
  await page.goto(`${fake.url}/#/v1/pods?open=${pod.namespace}/${pod.name}`)
  const events = drawer.getByRole('region', { name: 'Events' })
  await events.getByRole('cell', { name: 'this is about it' }).waitFor()
  await fake.mutate(event(pod, 'Failed', 'this came later', 'Warning'))
  await events.getByRole('cell', { name: 'this came later' }).waitFor()
  assert.equal(await events.getByText('about another').count(), 0)
  assert.match(await events.getByRole('status').textContent(), /^\d+, live$/)
  const asked = (await fake.requests()).filter(({ path }) => path.endsWith('/events'))
  assert.equal(new URLSearchParams(asked[0].query).get('fieldSelector')?.includes(`uid=${pod.uid}`), true)

  await page.keyboard.press('Escape')
  await drawer.waitFor({ state: 'detached' })
})

test('events that may not be read: said in their place, and the object is shown all the same', async (t) => {
  const { fake, drawer, yaml, row } = await open(t)
  const pod = await ownedPod(fake)
  await fake.fault({ kind: 'forbidden', user: 'jane', match: { path: '/events' } })
  await row(pod.name).click()
  const events = drawer.getByRole('region', { name: 'Events' })
  await events.getByText('cannot be shown').waitFor()
  assert.match(await events.textContent(), /User "jane" cannot \w+ resource "events"/)
  assert.equal(parse(await yaml.textContent()).metadata.name, pod.name)
  await fake.mend()
  await events.getByRole('button', { name: 'Try again' }).click()
  await events.getByText(/^(none|\d+), live$/).waitFor()
})

test('links lead to the namespace, the node and the owner, and from there on', async (t) => {
  const { fake, page, demo, drawer, row } = await open(t)
  const pod = await ownedPod(fake)
  await page.goto(`${fake.url}/#/v1/pods?namespace=${pod.namespace}`)
  await row(pod.name).click()
  await drawer.getByRole('link', { name: pod.node }).click()
  await drawer.getByRole('heading', { name: new RegExp(`^${pod.node}`) }).waitFor()
  await demo.until(({ phase, sentence }) => phase === 'live' && /nodes/.test(sentence), 'the nodes')
  assert.equal(await page.locator('.row-active .cell-name').textContent(), pod.node)
  await page.goBack()
  await drawer.getByRole('link', { name: `ReplicaSet ${pod.owner}` }).click()
  await drawer.getByRole('heading', { name: new RegExp(`^${pod.owner}`) }).waitFor()
  await demo.until(({ phase, sentence }) => phase === 'live' && /replicasets/.test(sentence), 'the replica sets')
  await drawer.getByRole('link', { name: /^Deployment / }).click()
  await demo.until(({ phase, sentence }) => phase === 'live' && /deployments/.test(sentence), 'the deployments')
  await drawer.getByRole('link', { name: pod.namespace, exact: true }).click()
  await drawer.getByRole('heading', { name: new RegExp(`^${pod.namespace}`) }).waitFor()
  await demo.until(({ phase, sentence }) => phase === 'live' && /namespaces/.test(sentence), 'the namespaces')
})

test("a Secret's values are hidden until somebody asks, also where an annotation repeats them", async (t) => {
  const value = Buffer.from('correct horse battery').toString('base64')
  const prepare = (fake) =>
    fake.mutate({
      ...{ op: 'create', resource: 'secrets', namespace: 'default', name: 'login' },
      object: {
        metadata: {
          annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `{"data":{"password":"${value}"}}` },
        },
        data: { password: value },
        type: 'Opaque',
      },
    })
  const { page, drawer, yaml, row } = await open(t, { hash: '#/v1/secrets', prepare })
  await row('login').click()
  await yaml.waitFor()
  assert.equal(parse(await yaml.textContent()).data.password, '(hidden, 21 bytes)')
  assert.ok(!(await page.content()).includes(value), 'it is nowhere in the page')
  await drawer.getByRole('button', { name: 'Show values' }).click()
  assert.equal(parse(await yaml.textContent()).data.password, value)
  await drawer.getByRole('button', { name: 'Hide values' }).click()
  assert.ok(!(await page.content()).includes(value))
})

test('while the table is not live, the object says that it may have changed', async (t) => {
  const { fake, demo, drawer, yaml, row } = await open(t)
  const { namespace, name } = (await fake.state()).rows[0]
  await row(name).click()
  await yaml.waitFor()
  const note = drawer.getByText('The table is not live')
  assert.equal(await note.count(), 0)
  await fake.fault({ kind: 'unavailable', match: { path: '/pods' } })
  await fake.restart()
  await note.waitFor()
  await fake.mutate({
    op: 'patch',
    resource: 'pods',
    namespace,
    name,
    object: { metadata: { labels: { seen: 'no' } } },
  })
  await fake.mend()
  // By itself, within seconds.
  await demo.phase('live', 40_000)
  await until(
    async () => parse(await yaml.textContent()).metadata.labels.seen,
    (label) => label === 'no',
    'read again after the resync',
  )
  assert.equal(await note.count(), 0)
})

test("an object that may not be read: the server's own sentence, and another try", async (t) => {
  const { fake, drawer, yaml, row, demo } = await open(t)
  const { name } = (await fake.state()).rows[0]
  await fake.fault({ kind: 'forbidden', user: 'jane', match: { request: 'get' } })
  await row(name).click()
  const alert = drawer.getByRole('alert')
  await alert.waitFor()
  assert.match(await alert.textContent(), /You may not read this object \(HTTP 403\)/)
  assert.match(await alert.textContent(), new RegExp(`"${name}" is forbidden: User "jane"|User "jane" cannot get`))
  assert.equal((await demo.status()).phase, 'live')
  await fake.mend()
  await alert.getByRole('button', { name: 'Try again' }).click()
  await yaml.waitFor()
  assert.equal(parse(await yaml.textContent()).metadata.name, name)
  assert.equal(await alert.count(), 0)
})

test('an object that never was: the server says so', async (t) => {
  const { drawer } = await open(t, { hash: '#/v1/pods?open=default/nobody' })
  await drawer.getByText('pods "nobody" not found').waitFor()
})
