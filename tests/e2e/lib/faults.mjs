// The page before a server that fails, and what must be true of it in the end and on the way.
import assert from 'node:assert/strict'
import { Demo } from './demo.mjs'
import { Fake } from './fake.mjs'

export const pods = 300
export const watchlist = { request: 'watchlist', path: '/pods' }

/** A write, and the proof that it arrives: the table is live, not only said to be. */
export async function provesLive(demo, fake, name = 'proof') {
  await demo.phase('live', 75_000)
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name })
  await demo.matches()
  const status = await demo.status()
  assert.equal(status.phase, 'live')
  assert.equal(status.stale, false)
}

/** From the first snapshot on no part of one was shown, nor an empty table, and live rows were never marked old. */
export async function neverShowedAPart(demo, all = pods) {
  const steps = await demo.steps()
  for (const step of steps) {
    if (step.rows > 0) assert.ok(step.rows >= all, `a part was shown: ${JSON.stringify(steps)}`)
    if (step.phase === 'live') assert.ok(step.rows >= all && !step.stale, `not true: ${JSON.stringify(steps)}`)
  }
  const first = steps.findIndex((step) => step.rows > 0)
  assert.ok(first >= 0)
  assert.ok(
    steps.slice(first).every((step) => step.rows > 0),
    `rows went away: ${JSON.stringify(steps)}`,
  )
}

/** While they waited for a new snapshot, all rows were there to be read, marked as old, with the reason. */
export async function saidOld(demo, reason) {
  const steps = await demo.steps()
  assert.ok(
    steps.some(
      (step) => step.rows >= pods && step.stale && ['stale', 'syncing'].includes(step.phase) && reason.test(step.notes),
    ),
    `never old because of ${reason}: ${JSON.stringify(steps)}`,
  )
}

/** Makes the next snapshot last a second or two, so that what the page says meanwhile is there to be seen. */
export const slowly = { kind: 'slow', bytes: 500_000, match: watchlist, times: 1 }

export async function open(t, faults = [], options = {}) {
  const fake = await Fake.start(t, { pods, ...options })
  for (const fault of faults) await fake.fault(fault)
  const demo = await Demo.open(t, fake, options)
  return { fake, demo }
}
