import { viewConfig } from './config.js'
import { WatchError } from './errors.js'
import { deepFreeze } from './freeze.js'
import type { Glue, WatchCore } from './glue.js'
import type { Column, Reason, Row, View, ViewOptions, ViewSnapshot } from './types.js'

/** What a reader needs of its table. */
export interface ViewTable<Reader> {
  /** Calls into the core; undefined while there is none. A Rust error is thrown. */
  call<T>(entry: (core: WatchCore, glue: Glue) => T): T | undefined
  /** Asks for `draw` in the next frame. */
  request(): void
  /** The reader was closed. */
  remove(reader: Reader): void
}

/** What the core says of a view besides its rows. */
interface Head {
  readonly count: number
  readonly total: number
  readonly pending: number
  readonly columns: readonly Column[]
  readonly error?: Reason
}

const NOTHING: ViewSnapshot = deepFreeze({
  first: 0,
  rows: [],
  count: 0,
  total: 0,
  columns: [],
  version: 0,
  pending: 0,
})

/** A sorted and filtered order of a table, read by windows. It outlives the instance that it runs on. */
export class TableView implements View {
  readonly #table: ViewTable<TableView>
  readonly #listeners = new Set<() => void>()
  readonly #searches: {
    key: string
    resolve: (index: number) => void
    reject: (error: WatchError) => void
  }[] = []
  #options: ViewOptions
  #held = false
  #closed = false
  #first = 0
  #last = 0
  /** Its name in the core it is attached to. */
  #id: number | undefined
  #error: Reason | undefined
  #snapshot = NOTHING
  /** The texts that the snapshot was made of: what is the same text is the same object. */
  #texts: { head: string; columns: string; lines: readonly string[]; error: Reason | undefined } = {
    head: '',
    columns: '',
    lines: [],
    error: undefined,
  }

  constructor(table: ViewTable<TableView>, options: ViewOptions) {
    this.#table = table
    this.#options = options
  }

  setWindow(first: number, last: number): void {
    const from = Number.isFinite(first) ? Math.max(0, Math.floor(first)) : 0
    const until = Number.isFinite(last) ? Math.max(from, Math.ceil(last)) : from
    if (from === this.#first && until === this.#last) return
    this.#first = from
    this.#last = until
    this.#request()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    // A function of its own: the same listener may be subscribed twice.
    const call = (): void => listener()
    this.#listeners.add(call)
    return () => this.#listeners.delete(call)
  }

  readonly getSnapshot = (): ViewSnapshot => this.#snapshot

  update(options: ViewOptions): void {
    this.#options = { ...this.#options, ...options }
    if (this.#closed) return
    this.#configure()
    this.#request()
  }

  hold(): void {
    this.#held = true
    this.#call((core, id) => core.hold(id))
  }

  release(): void {
    this.#held = false
    this.#call((core, id) => core.release(id))
  }

  indexOf(key: string): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(CLOSED())
        return
      }
      this.#searches.push({ key, resolve, reject })
      this.#request()
    })
  }

  close(): void {
    if (this.#closed) return
    this.#call((core, id) => core.closeView(id))
    this.#closed = true
    this.#id = undefined
    this.#listeners.clear()
    this.fail(CLOSED())
    this.#table.remove(this)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Rows are not to be moved now. */
  get held(): boolean {
    return this.#held
  }

  /** A core is there: opens the view in it. */
  attach(): void {
    this.#id = undefined
    this.#configure()
    if (this.#held) this.#call((core, id) => core.hold(id))
    this.#request()
  }

  /** The core is gone; what was shown stays. */
  detach(error: WatchError): void {
    this.#id = undefined
    this.fail(error)
  }

  /** Rejects what is pending. */
  fail(error: WatchError): void {
    for (const { reject } of this.#searches.splice(0)) reject(error)
  }

  /** Reads the declared window, and tells who listens if anything in it changed. The core is settled. */
  draw(): void {
    const id = this.#id
    if (id === undefined) {
      // The core refused the options: that has to be seen.
      if (this.#error !== this.#texts.error) this.#show(this.#texts.head, this.#texts.lines)
      return
    }
    for (const { key, resolve, reject } of this.#searches.splice(0)) {
      const index = this.#table.call((core) => core.indexOf(id, key))
      if (index === undefined) reject(GONE())
      else resolve(index)
    }
    const head = this.#table.call((core) => core.viewHead(id))
    const rows = this.#table.call((core) => core.viewRows(id, this.#first, this.#last))
    // Else an order is being made, or the core died of it: what was shown stays.
    if (head !== undefined) this.#show(head, (rows ?? '').split('\n').slice(0, -1))
  }

  #show(head: string, lines: readonly string[]): void {
    const before = this.#texts
    const same = before.head === head && before.error === this.#error && before.lines.length === lines.length
    if (same && this.#snapshot.first === this.#first && lines.every((line, index) => line === before.lines[index]))
      return

    const known = new Map(before.lines.map((line, index) => [line, this.#snapshot.rows[index]]))
    const rows = lines.map((line) => known.get(line) ?? deepFreeze((JSON.parse(line) as Row | null) ?? undefined))
    const { columns, ...counts } = (head === '' ? NOTHING : JSON.parse(head)) as Head
    const error = this.#error ?? counts.error
    const columnsText = JSON.stringify(columns)
    this.#snapshot = Object.freeze({
      first: this.#first,
      rows: Object.freeze(rows),
      count: counts.count,
      total: counts.total,
      pending: counts.pending,
      columns: columnsText === before.columns ? this.#snapshot.columns : deepFreeze(columns),
      version: this.#snapshot.version + 1,
      ...(error !== undefined && { error }),
    })
    this.#texts = { head, columns: columnsText, lines, error: this.#error }
    for (const listener of [...this.#listeners]) notify(listener)
  }

  /** Brings the options to the core. What it refuses becomes the snapshot's error, since a worker could not throw it either. */
  #configure(): void {
    const id = this.#id
    try {
      if (id === undefined) this.#id = this.#table.call((core, glue) => core.openView(viewConfig(glue, this.#options)))
      else this.#table.call((core, glue) => core.updateView(id, viewConfig(glue, this.#options)))
      this.#error = undefined
    } catch (error) {
      this.#error = deepFreeze({
        code: 'invalid-view',
        message: error instanceof Error ? error.message : String(error),
      })
    }
  }

  #call(entry: (core: WatchCore, id: number) => void): void {
    const id = this.#id
    if (id === undefined) return
    this.#table.call((core) => entry(core, id))
    this.#request()
  }

  #request(): void {
    if (!this.#closed) this.#table.request()
  }
}

const GONE = (): WatchError =>
  new WatchError({ code: 'core-crashed', message: 'The decoder stopped and is started anew.' })
const CLOSED = (): WatchError => new WatchError({ code: 'closed', message: 'The view was closed.' })

/** A listener that throws is the page's bug, not a reason to keep the others waiting. */
export function notify(listener: () => void): void {
  try {
    listener()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
