// Runs one case against one server and compares what came with what the case says.
import assert from 'node:assert/strict'
import { isInitialEnd } from '../../../scripts/lib/kube-client.mjs'
import { checkInvariants, gzipMembers, shape } from './shape.mjs'
import { seed } from './world.mjs'

let namespaces = 0

/**
 * Sends a case's request and makes its changes while the answer streams. A case that changes something gets a
 * namespace of its own, so that cases can run side by side.
 */
export async function perform({ name, request, prepare, during }, { client, world }, namespace) {
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
  const change = () => {
    changes ??= during(world, namespace)
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
  await changes
  assert.equal(exchange.end, 'complete', `${name}: the body was ${exchange.end}`)
  return exchange
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
