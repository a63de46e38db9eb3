// The page's menu of faults: what a click breaks, what the status says of it, and that it can be mended.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { closeBrowser, Demo } from './lib/demo.mjs'
import { Fake } from './lib/fake.mjs'
import { holds } from './lib/until.mjs'

after(closeBrowser)

const pods = 120

/** The page, live, with the menu open. */
async function open(t, options = {}) {
  const fake = await Fake.start(t, { pods, ...options })
  const demo = await Demo.open(t, fake, options)
  await demo.phase('live')
  await demo.page.getByRole('button', { name: 'Break it' }).click()
  const menu = demo.page.getByRole('complementary', { name: 'Break the server' })
  const pick = (name) => menu.getByRole('button', { name }).click()
  const isPressed = (name) => menu.getByRole('button', { name, pressed: true }).waitFor()
  const broken = (text) => menu.getByRole('status').filter({ hasText: text }).waitFor()
  /** The menu stands beside the status, and stays open. */
  const retry = () => demo.page.getByRole('button', { name: 'Retry' }).click()
  return { fake, demo, menu, pick, isPressed, broken, retry }
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
  const { fake, demo, pick, isPressed, broken, retry } = await open(t)
  await broken(/^Nothing is broken$/)
  await pick(/^Token expires/)
  const status = await demo.phase('auth')
  assert.equal(status.rows, pods)
  assert.ok(status.stale)
  assert.match(status.notes, /stale since/)
  assert.match(status.notes, /does not know you \(HTTP 401\)/)
  await isPressed(/^Token expires/)
  await broken(/^Broken: Token expires$/)
  assert.deepEqual(
    (await fake.faults()).map(({ kind }) => kind),
    ['unauthorized'],
  )

  await pick(/^Mend$/)
  await broken(/^Nothing is broken$/)
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
  await holds(async () => (await fake.faults()).length === 0, 'three refusals')
  await demo.phase('live', 30_000)
  // The namespaces of the picker were asked for as well, and met it too.
  assert.equal((await fake.requests()).filter((request) => request.status === 429).length, 3)
  await followsTheServer(demo, fake)
})

test('410 Gone: the rows stay while a new snapshot comes, and what it changed is counted', async (t) => {
  const { fake, demo, pick, broken } = await open(t)
  // What is forgotten has to be newer than what the page knows, or it may go on from there.
  await fake.mutate({ op: 'create', resource: 'configmaps', namespace: 'default', name: 'elsewhere' })
  await fake.fault({ kind: 'unavailable', retryAfter: 6, match: { path: '/pods', request: 'watch' }, times: 1 })
  await pick(/^410 Gone/)
  const waiting = await demo.until(({ notes }) => /Next try in/.test(notes), 'waiting')
  assert.equal(waiting.rows, pods)
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'missed', count: 3 })
  await demo.until((status) => status.phase === 'live' && status.rows === pods + 3, 'live with what was missed')
  assert.equal(await demo.page.locator('.snapshot-change').textContent(), 'resynced: 3 added, 0 changed, 0 removed')
  await broken(/^Nothing is broken$/)
})

test('Drop the end bookmark: it falls back, and says why', async (t) => {
  const { fake, demo, pick, isPressed } = await open(t, { clock: true })
  await fake.mutate({ op: 'create', resource: 'configmaps', namespace: 'default', name: 'elsewhere' })
  await pick(/^Drop the end bookmark/)
  await isPressed(/^Drop the end bookmark/)
  const syncing = await demo.until((status) => status.phase === 'syncing' && status.stale, 'old, and syncing')
  assert.equal(syncing.rows, pods)
  await holds(async () => (await fake.asked()).some(({ fault }) => fault === 'drop-end-bookmark'), 'the streaming list')
  await demo.until(({ notes }) => /a new snapshot is coming: 120 objects/.test(notes), 'all objects')
  await demo.page.clock.fastForward('00:16')
  const status = await demo.until((now) => now.phase === 'live', 'live')
  assert.match(status.sentence, /^List\+Watch\/Table/)
  assert.match(status.notes, /did not come to its end in time/)
})

test('Pull the cable: the silence is said at once, judged by the watchdog, and mended', async (t) => {
  const { fake, demo, pick, isPressed, broken } = await open(t, { clock: true })
  await pick(/^Pull the cable/)
  await isPressed(/^Pull the cable/)
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'unheard', count: 2 })
  await demo.page.clock.fastForward('00:20')
  const silent = await demo.until(({ silence }) => /^last event \d+ s ago$/.test(silence), 'silent')
  assert.deepEqual([silent.phase, silent.rows], ['live', pods])
  // Longer than any watch asks to last.
  await demo.page.clock.fastForward('07:00')
  const old = await demo.until(({ phase, stale }) => phase !== 'live' && stale, 'old')
  assert.equal(old.rows, pods)
  assert.match(old.notes, /stale since/)
  await holds(async () => (await fake.asked()).filter(({ fault }) => fault === 'pulled-cable').length > 0, 'a try')
  await pick(/^Pull the cable/)
  await broken(/^Nothing is broken$/)
  const status = await demo.until((now) => now.phase === 'live' && now.rows === pods + 2, 'live with both', 60_000)
  assert.equal(status.stale, false)
})

test('a cable that is plugged in soon enough: the same stream goes on', async (t) => {
  const { fake, demo, pick } = await open(t)
  await pick(/^Pull the cable/)
  await holds(async () => (await fake.faults()).length === 1, 'pulled')
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'late', count: 2 })
  await demo.until(({ silence }) => /^last event \d+ s ago$/.test(silence), 'silent')
  assert.equal((await demo.status()).rows, pods)
  const before = (await fake.asked()).length
  await pick(/^Mend$/)
  await demo.until((now) => now.phase === 'live' && now.rows === pods + 2, 'live with both')
  assert.equal((await fake.asked()).length, before, 'nothing was asked again')
  assert.ok((await demo.steps()).every((step) => !step.stale))
})

test('Slow link: a new snapshot takes its time beside the old rows, and says how far it is', async (t) => {
  const many = 1500
  const { fake, demo, pick } = await open(t, { pods: many })
  await fake.mutate({ op: 'create', resource: 'configmaps', namespace: 'default', name: 'elsewhere' })
  const began = Date.now()
  await pick(/^Slow link/)
  const status = await demo.until(({ notes }) => /a new snapshot is coming: [1-9]/.test(notes), 'on its way')
  assert.ok(status.stale)
  assert.equal(status.rows, many)
  await demo.phase('live', 30_000)
  const { bytes } = await demo.page.evaluate(() => {
    const [, size] = / · ([\d.]+) MB/.exec(document.querySelector('.sentence').textContent)
    return { bytes: Number(size) * 1e6 }
  })
  const seconds = (Date.now() - began) / 1000
  assert.ok(bytes / seconds < 1_400_000, `${bytes} bytes in ${seconds} s`)
})

test('Server is down: stale since when, why, and when it tries again; live again by itself', async (t) => {
  const { fake, demo, pick, isPressed } = await open(t)
  await pick(/^Server is down/)
  const status = await demo.until(({ notes }) => /Next try in \d+ s/.test(notes), 'waiting')
  assert.equal(status.rows, pods)
  assert.match(status.notes, /stale since \d/)
  assert.match(status.notes, /not available \(HTTP 503\)/)
  await isPressed(/^Server is down/)
  await pick(/^Server is down/)
  await demo.phase('live', 40_000)
  await followsTheServer(demo, fake)
})

test('the menu by keyboard: in by the button, out by Escape, and what is broken is seen from outside', async (t) => {
  const { demo, menu, pick, isPressed } = await open(t)
  const focused = () => demo.page.evaluate(() => document.activeElement?.textContent)
  assert.match(await focused(), /^Pull the cable/)
  await demo.page.keyboard.press('Tab')
  assert.match(await focused(), /^Slow link/)
  await demo.page.keyboard.press('Escape')
  await menu.waitFor({ state: 'detached' })
  assert.equal(await focused(), 'Break it')
  await demo.page.keyboard.press('Enter')
  await pick(/^Pull the cable/)
  await isPressed(/^Pull the cable/)
  await demo.page.reload()
  await demo.page.locator('.tool[data-active]').waitFor()
})

test('another version of Kubernetes: how the rows come from then on, and why', async (t) => {
  const { fake, demo, menu } = await open(t)
  const version = menu.getByLabel('Kubernetes version')
  assert.equal(await version.inputValue(), '1.37')
  await version.selectOption('1.26')
  await fake.mutate({ op: 'create', resource: 'configmaps', namespace: 'default', name: 'elsewhere' })
  await menu.getByRole('button', { name: /^410 Gone/ }).click()
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
  await holds(async () => (await fake.churn()) === 0, 'no more writes')
  await demo.matches()
})
