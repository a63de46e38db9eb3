// Is what a page showed what the server had?
import assert from 'node:assert/strict'
import { accept } from '../../../scripts/lib/kube-client.mjs'

/** Columns whose text tells how long something is ago; those of type date do as well. */
const AGES = new Set(['Age', 'Last Seen', 'First Seen', 'Restarts'])

/** `5m12s`, `6y209d`: as Kubernetes prints durations. */
const DURATION = /(?:\d+[ydhms])+/g
const UNITS = { y: 365 * 86_400, d: 86_400, h: 3600, m: 60, s: 1 }

/** What the server has at exactly a version, as `kubectl get -o wide` shows it. */
export async function listAt(client, path, version) {
  const query = `resourceVersion=${version}&resourceVersionMatch=Exact`
  const table = await client.json(`${path}?${query}`, { headers: { Accept: accept.table } })
  assert.equal(table.kind, 'Table')
  assert.equal(table.metadata.resourceVersion, version)
  return table
}

/** Throws where what a page shows (its function `shown`) is not that Table, in whole. */
export function assertEqual({ status, columns, total, rows }, table, { format, prefix, resource }) {
  assert.equal(total, table.rows.length)
  if (format === 'table') assert.deepEqual(columns, table.columnDefinitions)
  else
    assert.deepEqual(
      columns.map(({ name }) => name),
      ['Name', 'Namespace', 'Age'],
    )
  const expected = new Map(
    table.rows.map(({ object: { metadata }, cells }) => {
      const path = `${prefix}/namespaces/${metadata.namespace}/${resource}/${metadata.name}`
      return [metadata.uid, { object: known(metadata, path), cells }]
    }),
  )
  const isAge = columns.map(({ name, type }) => AGES.has(name) || type === 'date')
  for (const row of rows) {
    assert.ok(row, `a hole among the rows of ${resource}, which are ${status.phase}`)
    const { meta, path, cells } = row
    const wanted = expected.get(meta.uid)
    assert.ok(wanted, `${path} is shown, and the server does not have it`)
    expected.delete(meta.uid)
    assert.deepEqual(known(meta, path), wanted.object)
    const theirs = format === 'table' ? wanted.cells : [meta.name, meta.namespace, cells[2]]
    assert.equal(cells.length, theirs.length, path)
    for (const [index, cell] of cells.entries()) {
      const where = `${path}, ${columns[index].name}`
      if (isAge[index]) assertNear(cell, theirs[index], where)
      else assert.deepEqual(cell, theirs[index], where)
    }
  }
  assert.deepEqual([...expected.keys()], [], 'not shown')
}

const known = ({ name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp, labels }, path) => ({
  ...{ name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp },
  labels: labels ?? {},
  path,
})

/** Texts that differ by no more than the time between the moments at which they were true. */
function assertNear(shown, expected, where) {
  if (typeof shown !== 'string' || typeof expected !== 'string') return assert.deepEqual(shown, expected, where)
  assert.equal(shown.replaceAll(DURATION, '~'), expected.replaceAll(DURATION, '~'), where)
  const [ours, theirs] = [shown, expected].map((text) => (text.match(DURATION) ?? []).map(seconds))
  for (const [index, value] of ours.entries()) {
    // The server's text is as old as the event that brought it, and coarser the longer the time.
    const slack = 120 + 0.05 * theirs[index]
    assert.ok(Math.abs(value - theirs[index]) <= slack, `${where}: ${shown} is not ${expected}`)
  }
}

function seconds(text) {
  return [...text.matchAll(/(\d+)([ydhms])/g)].reduce((sum, [, count, unit]) => sum + count * UNITS[unit], 0)
}

/**
 * Judges every moment at which a page told something: where it says at which version its rows are, they are exactly what
 * the server had then; where it says live, they are whole and it knows a version.
 */
export class Moments {
  #history
  #rows = new Map()
  /** How many moments said live with rows that the server is known to have had. */
  live = 0
  phases = []

  constructor(history) {
    this.#history = history
  }

  /** `steps`: those of the page's function, since the last call. */
  judge(steps) {
    for (const step of steps) {
      for (const uid of step.gone) this.#rows.delete(uid)
      for (const [uid, version] of step.set) this.#rows.set(uid, version)
      if (this.phases.at(-1) !== step.phase) this.phases.push(step.phase)
      const says = `${step.phase} at ${step.version}, step ${JSON.stringify({ ...step, set: step.set.length, gone: step.gone.length })}`
      const current = step.phase === 'live'
      if (current) {
        assert.ok(step.version, `no version: ${says}`)
        assert.equal(step.holes, 0, `holes: ${says}`)
        assert.equal(step.stale, false, `stale and ${says}`)
      }
      if (!step.version || step.holes > 0) continue
      const truth = this.#history.at(step.version)
      if (truth === undefined) continue
      const shown = [...this.#rows].sort()
      const had = [...truth].sort()
      if (shown.join() !== had.join()) {
        const extra = shown.filter(([uid, version]) => truth.get(uid) !== version)
        const lacking = had.filter(([uid, version]) => this.#rows.get(uid) !== version)
        assert.fail(`${says}: it shows ${JSON.stringify(extra)} and lacks ${JSON.stringify(lacking)}`)
      }
      if (current) this.live += 1
    }
  }
}
