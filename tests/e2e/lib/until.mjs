// Waiting for what comes in its own time.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

/** Reads again and again until `wanted` says yes of what was read, and resolves to that. */
export async function until(read, wanted, what, limit = 20_000) {
  let found
  for (const end = Date.now() + limit; Date.now() < end; await sleep(30)) {
    found = await read()
    if (wanted(found)) return found
  }
  assert.fail(`not ${what}: ${JSON.stringify(found)}`)
}

/** Waits until something holds. */
export function holds(check, what, limit = 20_000) {
  return until(check, Boolean, what, limit)
}
