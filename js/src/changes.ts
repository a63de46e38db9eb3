import { WatchError } from './errors.js'
import { deepFreeze } from './freeze.js'
import { turn } from './turn.js'
import type { Change } from './types.js'
import type { ViewTable } from './view.js'

/** Rows a batch: about a millisecond to read. */
const BATCH_ROWS = 500

type Result = IteratorResult<Change, undefined>

/** What changed in a table, at the pace of whoever reads: changes of a row that was not read yet become one. */
export class ChangeStream implements AsyncIterableIterator<Change> {
  readonly #table: ViewTable<ChangeStream>
  /** Those who wait for a batch, first come first served. */
  readonly #waiting: { resolve: (result: Result) => void; reject: (error: WatchError) => void }[] = []
  #feed: number | undefined
  #closed = false
  #pumping = false
  readonly held = false

  constructor(table: ViewTable<ChangeStream>) {
    this.#table = table
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      if (this.#closed) this.#finish()
      else this.draw()
    })
  }

  return(): Promise<Result> {
    this.close()
    return Promise.resolve(END)
  }

  /** A core is there. After another one its feed begins with a snapshot again, which is what the reader needs. */
  attach(): void {
    this.#feed = this.#table.call((core) => core.openFeed())
    this.#table.request()
  }

  detach(): void {
    this.#feed = undefined
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    const feed = this.#feed
    if (feed !== undefined) this.#table.call((core) => core.closeFeed(feed))
    this.#feed = undefined
    this.#table.remove(this)
    this.#finish()
  }

  /** Hands out what there is. */
  draw(): void {
    if (!this.#pumping && this.#waiting.length > 0) void this.#pump()
  }

  async #pump(): Promise<void> {
    this.#pumping = true
    // A reader that does not wait between batches would hold the page: each comes in a task of its own.
    await turn()
    this.#pumping = false
    const feed = this.#feed
    if (feed === undefined || this.#waiting.length === 0) return
    let batch: string | undefined
    try {
      batch = this.#table.call((core) => core.nextBatch(feed, BATCH_ROWS))
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      this.#waiting.shift()?.reject(new WatchError({ code: 'memory-limit', message }))
      this.close()
      return
    }
    if (batch === undefined) return
    this.#waiting.shift()?.resolve({ done: false, value: deepFreeze(JSON.parse(batch) as Change) })
    this.draw()
  }

  #finish(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve(END)
  }
}

const END: Result = { done: true, value: undefined }
