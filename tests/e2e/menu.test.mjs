// The page's menu of faults: what a click breaks, what the status says of it, and that it can be mended.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { closeBrowser, Demo } from './lib/demo.mjs'
import { Fake } from './lib/fake.mjs'

after(closeBrowser)

const pods = 120

/** The page, live, with the menu open. */
async function open(t, options = {}) {
  const fake = await Fake.start(t, { pods, ...options })
  const demo = await Demo.open(t, fake)
  await demo.phase('live')
  await demo.page.getByRole('button', { name: 'Break it' }).click()
  const menu = demo.page.getByRole('group', { name: 'Break the server' })
  const pick = (name) => menu.getByRole('button', { name }).click()
  /** The menu lies over the status, and closes by Escape. */
  const retry = async () => {
    await demo.page.keyboard.press('Escape')
    await menu.waitFor({ state: 'detached' })
    await demo.page.getByRole('button', { name: 'Retry' }).click()
  }
  return { fake, demo, menu, pick, retry }
}

async function until(holds, what, limit = 20_000) {
  for (const end = Date.now() + limit; !(await holds()); await sleep(20)) {
    if (Date.now() > end) assert.fail(`never: ${what}`)
  }
}

async function followsTheServer(demo, fake) {
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'proof' })
  await demo.until(
    (status) => status.phase === 'live' && status.rows === pods + 1 && !status.stale,
    'live with one more',
  )
  await demo.matches()
}

test('Token expires: signed out beside old rows, until it is mended and somebody retries', async (t) => {
  const { fake, demo, menu, pick, retry } = await open(t)
  await menu.getByText('Nothing broken').waitFor()
  await pick(/^Token expires/)
  const status = await demo.phase('auth')
  assert.equal(status.rows, pods)
  assert.ok(status.stale)
  assert.match(status.notes, /stale since/)
  assert.match(status.notes, /does not know you \(HTTP 401\)/)
  await menu.getByText('Token expires broken').waitFor()
  assert.deepEqual(
    (await fake.faults()).map(({ kind }) => kind),
    ['unauthorized'],
  )

  await pick(/^Mend$/)
  await menu.getByText('Nothing broken').waitFor()
  await retry()
  await followsTheServer(demo, fake)
  assert.deepEqual(await fake.faults(), [])
})

test('Permission is taken: failed, in the words of the server', async (t) => {
  const { fake, demo, pick, retry } = await open(t)
  await pick(/^Permission is taken/)
  const status = await demo.phase('failed')
  assert.equal(status.rows, pods)
  assert.ok(status.stale)
  assert.match(status.notes, /You may not watch this \(HTTP 403\).*jane.* cannot .* resource "pods"/)
  await pick(/^Mend$/)
  await retry()
  await followsTheServer(demo, fake)
})

test('Server is busy: waits beside old rows, says why and until when, and comes back by itself', async (t) => {
  const { fake, demo, pick } = await open(t)
  await pick(/^Server is busy/)
  const status = await demo.until(({ notes }) => /Next try in \d s/.test(notes), 'waiting')
  assert.notEqual(status.phase, 'live')
  assert.equal(status.rows, pods)
  assert.match(status.notes, /asks to slow down \(HTTP 429\)/)
  await until(async () => (await fake.faults()).length === 0, 'three refusals')
  await demo.phase('live', 30_000)
  // The namespaces of the picker were asked for as well, and met it too.
  assert.equal((await fake.requests()).filter((request) => request.status === 429).length, 3)
  await followsTheServer(demo, fake)
})

test('another version of Kubernetes: how the rows come from then on, and why', async (t) => {
  const { fake, demo, menu } = await open(t)
  const version = menu.getByLabel('Kubernetes version')
  assert.equal(await version.inputValue(), '1.37')
  await version.selectOption('1.26')
  await fake.mutate({ op: 'create', resource: 'configmaps', namespace: 'default', name: 'elsewhere' })
  await menu.getByRole('button', { name: /^End the streams and compact/ }).click()
  const status = await demo.until(
    (now) => now.phase === 'live' && /^List\+Watch\/Table/.test(now.sentence),
    'live by LIST and WATCH',
  )
  assert.match(status.notes, /HTTP 422/)
  await demo.page.getByText('embedded server · Kubernetes 1.26').waitFor()
  await followsTheServer(demo, fake)
})

test('writes a second: what the server has, and what is chosen', async (t) => {
  const { fake, demo, menu } = await open(t, { churn: 7 })
  const churn = menu.getByLabel('Writes a second')
  await demo.page.waitForFunction(() => document.querySelector('#churn')?.value === '7')
  assert.deepEqual(await churn.getByRole('option').allTextContents(), ['0', '7', '20', '100', '500', '2000'])
  await churn.selectOption('0')
  await until(async () => (await fake.churn()) === 0, 'no more writes')
  await demo.matches()
})
