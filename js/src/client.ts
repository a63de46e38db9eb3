import { WatchError } from './errors.js'
import { Frame } from './frame.js'
import { Instance } from './guard.js'
import { type DefaultWasm, load } from './module.js'
import { onReturn } from './page.js'
import type { Client, ClientOptions, TableRequest, TableWatch } from './types.js'
import { LiveTable } from './watch.js'

/** How long the first death of an instance is waited out; doubled by each that follows soon. */
const REVIVAL_MS = 250
const REVIVAL_MAX_MS = 30_000
/** An instance that lived this long did not die of what killed the one before it. */
const STABLE_MS = 60_000
/** Linear memory that is not worth a fresh instance. */
const SMALL_BYTES = 2 ** 24

/** What the watches of a client share: one wasm instance, one frame, one set of page listeners. */
export class Engine {
  readonly options: ClientOptions
  readonly #defaultWasm: DefaultWasm
  readonly #tables = new Set<LiveTable>()
  readonly #stale = new Set<LiveTable>()
  readonly #frame = new Frame(() => this.#draw())
  #instance: Instance | undefined
  /** The most that the tables of the instance were seen to hold. */
  #peak = 0
  #deaths = 0
  #stopListening: (() => void) | undefined

  constructor(options: ClientOptions, defaultWasm: DefaultWasm) {
    this.options = options
    this.#defaultWasm = defaultWasm
  }

  /** Remembers a table until {@link remove}. */
  add(table: LiveTable): void {
    this.#tables.add(table)
    this.#stopListening ??= onReturn(() => {
      for (const each of this.#tables) each.wake()
    })
  }

  /** Forgets a table; with the last one the instance and its memory go. */
  remove(table: LiveTable): void {
    this.#tables.delete(table)
    this.#stale.delete(table)
    if (this.#tables.size > 0) {
      // What it held may be most of the memory, and no frame may have seen it.
      this.#peak += table.status.heldBytes
      this.#frame.request()
      return
    }
    this.#frame.cancel()
    this.#stopListening?.()
    this.#stopListening = undefined
    this.#instance?.drop()
    this.#instance = undefined
  }

  /** Has `table.draw()` called in the next frame. */
  request(table: LiveTable): void {
    this.#stale.add(table)
    this.#frame.request()
  }

  /** The instance that all tables share. What fails is tried anew by the next call. */
  async instance(): Promise<Instance> {
    const module = await load(this.options.wasm ?? this.#defaultWasm)
    if (this.#instance === undefined || this.#instance.dead) {
      try {
        this.#instance = new Instance(module, (dead) => this.#died(dead))
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
        throw new WatchError({ code: 'no-memory', message: 'The browser has no memory for another decoder.' })
      }
    }
    return this.#instance
  }

  close(): void {
    for (const table of [...this.#tables]) table.close()
  }

  #draw(): void {
    const stale = [...this.#stale]
    this.#stale.clear()
    for (const table of stale) table.draw()
    this.#slim()
  }

  /**
   * Linear memory never shrinks: once little of it is in use, the tables go over to a fresh instance, each when its rows are there.
   * The peak keeps this from coming again without the memory having been used again.
   */
  #slim(): void {
    const tables = [...this.#tables]
    const held = tables.reduce((sum, { told }) => sum + told.heldBytes, 0)
    this.#peak = Math.max(this.#peak, held)
    // Asked of one: who was told nothing for long knows of no growth.
    const memory = tables[0]?.status.memoryBytes ?? 0
    if (memory < SMALL_BYTES || held > memory / 4 || held >= this.#peak / 2) return
    // Others would lose rows that they keep, or a snapshot that is nearly there.
    if (!tables.every(({ told: { phase } }) => phase === 'live' || phase === 'polling')) return
    this.#peak = 0
    this.#instance = undefined
    for (const table of this.#tables) void table.move()
  }

  /** Told in a task after the death: by then a table that was opened meanwhile may be on a new instance. */
  #died(dead: Instance): void {
    const { end, born } = dead
    this.#deaths = performance.now() - born > STABLE_MS ? 1 : this.#deaths + 1
    const delay = Math.min(REVIVAL_MAX_MS, REVIVAL_MS * 2 ** (this.#deaths - 1))
    const error = new WatchError({
      code: 'core-crashed',
      message: `The decoder ${end} and is started anew.`,
    })
    for (const table of [...this.#tables]) table.died(dead, error, delay)
  }
}

/** A client over a module from `defaultWasm`, unless the options name another. */
export function clientOf(options: ClientOptions, defaultWasm: DefaultWasm): Client {
  const engine = new Engine(options, defaultWasm)
  return {
    watchTable(request: TableRequest, { signal }: { signal?: AbortSignal } = {}): TableWatch {
      return new LiveTable(engine, request, signal)
    },
    close: () => engine.close(),
    [Symbol.dispose ?? DISPOSE]: () => engine.close(),
  } as Client
}

/** Where an engine has no `Symbol.dispose`, nobody can ask for it. */
const DISPOSE = Symbol('dispose')
