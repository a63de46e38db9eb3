// Runs one case against one server and compares what came with what the case says.
import assert from 'node:assert/strict'
import { isInitialEnd } from '../../../scripts/lib/kube-client.mjs'
import { checkInvariants, gzipMembers, shape } from './shape.mjs'
import { seed } from './world.mjs'

let namespaces = 0

/** What a change needs to come through a stream before the stream ends. */
const margin = 500
/** The longest that a stream is asked for. */
const longest = 30

/**
 * Sends a case's request and makes its changes while the answer streams. A case that changes something gets a
 * namespace of its own, so that cases can run side by side; where a busy machine took so long for the changes that the stream may
 * have ended before, it is done again with a longer one.
 */
export async function perform(testCase, target, namespace) {
  const { exchange, inTime } = await performOnce(testCase, target, namespace)
  const asked = Number(/timeoutSeconds=(\d+)/.exec(testCase.request.path)?.[1])
  if (inTime || !(asked < longest) || namespace) return exchange
  const path = testCase.request.path.replace(/timeoutSeconds=\d+/, `timeoutSeconds=${Math.min(longest, 3 * asked)}`)
  return perform({ ...testCase, request: { ...testCase.request, path } }, target)
}

async function performOnce({ name, request, prepare, during }, { client, world }, namespace) {
  if (!namespace) {
    namespace = 'shop'
    if (during) {
      namespaces += 1
      namespace = `case-${namespaces}`
      await seed(world, namespace)
    }
  }
  const values = { ns: namespace, ...(await prepare?.(client, namespace)) }
  const path = request.path.replaceAll(/(?:\{|%7B)(\w+)(?:\}|%7D)/g, (_, key) => encodeURIComponent(values[key]))

  let changes
  let changed = Number.POSITIVE_INFINITY
  const change = () => {
    changes ??= during(world, namespace).then(() => {
      changed = performance.now()
    })
    changes.catch(() => {}) // awaited below
  }
  // The changes are made when the initial events are there: at their end, or, where nothing marks it, a little later.
  const exchange = await client.exchange({
    ...request,
    path,
    onHead: ({ status, headers }) => {
      if (!during || status !== 200) return
      if (headers['content-encoding'] === 'gzip' || !/sendInitialEvents=true/.test(path)) setTimeout(change, 300)
    },
    onData: (exchange) => {
      if (
        during &&
        !changes &&
        exchange.status === 200 &&
        !exchange.headers['content-encoding'] &&
        exchange.events().some(isInitialEnd)
      )
        change()
    },
  })
  const ended = performance.now()
  await changes
  assert.equal(exchange.end, 'complete', `${name}: the body was ${exchange.end}`)
  return { exchange, inTime: !during || exchange.status !== 200 || changed < ended - margin }
}

/** Throws where an exchange is not what the case says of servers of this dialect. */
export function judge(testCase, dialect, exchange) {
  checkInvariants(exchange)
  const expected = testCase.expect(dialect)
  const actual = shape(exchange, testCase.options)
  if (testCase.atLeast) assert.deepEqual(actual.slice(0, expected.length), expected)
  else assert.deepEqual(actual, expected)
  if (testCase.members?.(dialect) === 'several') {
    assert.ok(gzipMembers(exchange.bytes()) > 1, 'one gzip member: a browser would have read it all')
  }
}
