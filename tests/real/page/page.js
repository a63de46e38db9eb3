// Runs in the page: tables of the built package, and everything that they ever showed.
import { createClient } from './kube-watchlist/index.js'

/** What a watch showed at each moment at which anybody was told: its status, and how its rows differ from those before. */
class Recorded {
  constructor({ baseUrl, token }, request) {
    this.client = createClient({ baseUrl, ...(token ? { getToken: () => token } : {}) })
    this.table = this.client.watchTable(request)
    this.view = this.table.view({ columns: 'wide' })
    this.view.setWindow(0, 1_000_000)
    this.rows = new Map()
    this.steps = []
    this.taken = 0
    this.last = ''
    this.view.subscribe(() => this.record())
    this.table.addEventListener('status', () => this.record())
    this.record()
  }

  record() {
    const { phase, mode, format, resourceVersion, staleSince, fallbackReason, error, reconnects } = this.table.status
    const { rows, total, count } = this.view.getSnapshot()
    const now = new Map(rows.filter(Boolean).map((row) => [row.key, row]))
    const set = [...now]
      .filter(([key, row]) => this.rows.get(key) !== row)
      .map(([, { meta }]) => [meta.uid, meta.resourceVersion])
    const gone = [...this.rows].filter(([key]) => !now.has(key)).map(([, { meta }]) => meta.uid)
    // A row that another took the place of under one key is gone as well.
    for (const [key, row] of now) {
      const before = this.rows.get(key)
      if (before && before.meta.uid !== row.meta.uid) gone.push(before.meta.uid)
    }
    this.rows = now
    const step = {
      phase,
      mode,
      format,
      version: resourceVersion,
      stale: staleSince !== undefined,
      fallback: fallbackReason?.code,
      error: error?.code,
      reconnects,
      // Not all of the rows that there are, or not as many as there are said to be.
      holes: rows.length - now.size + Math.abs(total - rows.length) + Math.abs(count - rows.length),
    }
    const text = JSON.stringify(step)
    if (text === this.last && set.length === 0 && gone.length === 0) return
    this.last = text
    this.steps.push({ ...step, set, gone })
  }
}

const tables = new Map()

/** What came of plain requests, without the package. */
const plain = new Map()

window.recorded = {
  /** Reads a stream as the browser gives it: `{ text, end }` by `read`, `end` being 'open', 'done' or the name of an error. */
  fetch(name, url, headers) {
    const reading = { text: '', end: 'open' }
    plain.set(name, reading)
    const read = async () => {
      const { body } = await fetch(url, { headers, cache: 'no-store' })
      const decoder = new TextDecoder()
      const reader = body.getReader()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return 'done'
        reading.text += decoder.decode(value, { stream: true })
      }
    }
    read().then(
      (end) => (reading.end = end),
      (error) => (reading.end = error.name),
    )
  },
  read: (name) => plain.get(name),
  open(name, way, request) {
    tables.set(name, new Recorded(way, request))
  },
  retry: (name) => tables.get(name).table.retry(),
  status: (name) => tables.get(name).table.status,
  /** The steps since the last call, as text: some browsers are slow at passing objects. */
  steps(name) {
    const recorded = tables.get(name)
    const steps = recorded.steps.slice(recorded.taken)
    recorded.taken = recorded.steps.length
    return JSON.stringify(steps)
  },
  /** Everything that is shown now, as text. */
  shown(name) {
    const { table, view } = tables.get(name)
    const { rows, columns, total } = view.getSnapshot()
    return JSON.stringify({ status: table.status, columns, total, rows })
  },
  closeAll() {
    for (const { client } of tables.values()) client.close()
    tables.clear()
  },
}
document.title = 'ready'
