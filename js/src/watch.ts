import { ChangeStream } from './changes.js'
import type { Engine } from './client.js'
import { watchConfig } from './config.js'
import { reasonOf, WatchError } from './errors.js'
import { deepFreeze } from './freeze.js'
import type { Glue, WatchCore } from './glue.js'
import type { Instance } from './guard.js'
import { PageHost } from './host.js'
import { NOTICE } from './notice.js'
import type { Change, Reason, TableRequest, TableWatch, View, ViewOptions, WatchStatus } from './types.js'
import { TableView } from './view.js'

/** The same class, told what its one event carries. */
const StatusTarget = EventTarget as new () => Pick<TableWatch, keyof EventTarget>

/** A table over a watch in wasm. It outlives the instance that it runs on. */
export class LiveTable extends StatusTarget implements TableWatch {
  readonly synced: Promise<void>
  readonly #engine: Engine
  readonly #request: TableRequest
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = (): void => this.close()
  #settle!: { resolve: () => void; reject: (error: WatchError) => void }
  #attached: Attached | undefined
  /** What it is attached to, or died of the attempt. */
  #instance: Instance | undefined
  /** What takes over when it has a whole snapshot. */
  #next: Attached | undefined
  #nextIsWhole = false
  #closed = false
  #paused = false
  readonly #readers = new Set<TableView | ChangeStream>()
  readonly #readerTable = {
    call: <T>(entry: (core: WatchCore, glue: Glue) => T): T | undefined => this.#attached?.call(entry),
    request: (): void => this.#engine.request(this),
    remove: (reader: TableView | ChangeStream): void => void this.#readers.delete(reader),
  }
  /** A whole snapshot came from the core that is attached now. */
  #whole = false
  /** What a death left to say until there is a whole snapshot again. */
  #survived: Pick<WatchStatus, 'staleSince' | 'error'> | undefined
  /** What the snapshot by which a fresh instance took over does not know: to it all rows were new. */
  #carried: Pick<WatchStatus, 'lastSnapshot'> | undefined
  /** Till the readers have its rows, they show those of the instance before. */
  #shown: Pick<WatchStatus, 'resourceVersion'> | undefined
  /** What is said while no instance can say it. */
  #interim: { phase: WatchStatus['phase']; error?: Reason; staleSince?: number; nextRetryAt?: number } = {
    phase: 'connecting',
  }
  #revival: ReturnType<typeof setTimeout> | undefined
  #statusText = ''
  #status: WatchStatus
  #told: WatchStatus

  constructor(engine: Engine, request: TableRequest, signal?: AbortSignal) {
    super()
    if ((request.namespaces?.length ?? 0) > 1) {
      throw new WatchError({
        code: 'unsupported',
        message: 'One namespace or all of them: several are not supported yet.',
      })
    }
    this.#engine = engine
    this.#request = request
    this.#signal = signal
    this.synced = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    // Whoever awaits it gets the error; whoever does not is not to be bothered by an unhandled rejection.
    this.synced.catch(() => undefined)
    this.#status = this.#told = this.#interimStatus()
    if (signal?.aborted) {
      this.close()
      return
    }
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    engine.add(this)
    void this.#attach()
  }

  get status(): WatchStatus {
    const text = this.#attached?.call((core) => core.status()) ?? ''
    if (text === '') return this.#status
    if (text !== this.#statusText) {
      this.#statusText = text
      this.#status = deepFreeze({
        ...this.#survived,
        ...(JSON.parse(text) as WatchStatus),
        ...this.#carried,
        ...this.#shown,
      })
    }
    return this.#status
  }

  /** The last status that listeners were told. */
  get told(): WatchStatus {
    return this.#told
  }

  retry(): void {
    if (this.#closed) return
    if (this.#attached !== undefined) this.#both((core) => core.retry())
    else this.#revive(0)
  }

  pause(): void {
    this.#paused = true
    this.#both((core) => core.pause())
  }

  resume(): void {
    this.#paused = false
    this.#both((core) => core.resume())
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#revival)
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#giveUp()
    this.#attached?.call((core) => core.close())
    for (const reader of [...this.#readers]) reader.close()
    // The last words of the core, before it goes.
    const last = this.status
    this.#attached?.detach()
    // Whoever keeps the table for what it showed keeps no memory.
    this.#attached = this.#instance = undefined
    this.#status = deepFreeze({ ...last, phase: 'closed' })
    this.#settle.reject(
      new WatchError({
        code: 'closed',
        message: 'The watch was closed before its first snapshot was whole.',
      }),
    )
    this.#engine.remove(this)
    this.#tell()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  view(options: ViewOptions = {}): View {
    return this.#read(new TableView(this.#readerTable, options))
  }

  changes(): AsyncIterableIterator<Change> {
    return this.#read(new ChangeStream(this.#readerTable))
  }

  /** The page came back, or time passed. */
  wake(): void {
    this.#both((core) => core.wake())
  }

  /** Goes over to the engine's instance, when its rows are there; till then nothing changes. */
  async move(): Promise<void> {
    const instance = await this.#engine.instance().catch(() => undefined)
    if (instance === undefined || this.#attached === undefined || this.#next !== undefined) return
    const next = Attached.open(instance, this.#engine, this.#request, (notice) => {
      if (this.#attached === next) {
        this.#changed(notice)
        return
      }
      this.#nextIsWhole ||= (notice & NOTICE.snapshot) !== 0
      if (this.#nextIsWhole) this.#engine.request(this)
    })
    this.#next = next
    if (this.#paused) next?.call((core) => core.pause())
    next?.call((core) => core.start())
  }

  /** Shows what changed; called once a frame. */
  draw(): void {
    // An order that is held would be made anew.
    if (this.#nextIsWhole && ![...this.#readers].some(({ held }) => held)) this.#takeOver()
    const settled = this.#attached?.call((core) => core.refresh())
    // Until the first snapshot is whole there is nothing to show, or what an instance before showed.
    if (settled === true && this.#whole) {
      if (this.#shown !== undefined) this.#statusText = ''
      this.#shown = undefined
      for (const reader of [...this.#readers]) reader.draw()
    }
    // Last: who hears that it is live finds the rows in the views.
    this.#tell()
  }

  /** An instance died; one that this table is not on is no concern of it. */
  died(dead: Instance, error: WatchError, delay: number): void {
    if (this.#next?.instance === dead) this.#giveUp()
    if (this.#instance !== dead) return
    this.#giveUp()
    this.#instance = undefined
    this.#attached?.detach()
    this.#attached = undefined
    const before = this.#told
    const staleSince = before.staleSince ?? (this.#whole ? Date.now() : undefined)
    const reason = reasonOf(error)
    this.#survived = { error: reason, ...(staleSince !== undefined && { staleSince }) }
    this.#interim = {
      phase: staleSince === undefined ? 'connecting' : 'stale',
      ...this.#survived,
      nextRetryAt: Date.now() + delay,
    }
    this.#whole = false
    for (const reader of this.#readers) reader.detach(error)
    this.#become(this.#interimStatus())
    this.#revive(delay)
  }

  #read<Reader extends TableView | ChangeStream>(reader: Reader): Reader {
    if (this.#closed) {
      reader.close()
    } else {
      this.#readers.add(reader)
      if (this.#attached !== undefined) reader.attach()
    }
    return reader
  }

  #both(entry: (core: WatchCore) => void): void {
    this.#attached?.call(entry)
    this.#next?.call(entry)
  }

  #takeOver(): void {
    // A core is `syncing` while readers do not show its snapshot yet. These show rows as live as its own: it settles before they come.
    if (this.#next?.call((core) => core.refresh()) !== true) return
    const before = this.#attached
    const { lastSnapshot, resourceVersion } = this.status
    this.#carried = lastSnapshot && { lastSnapshot }
    this.#shown = resourceVersion === undefined ? undefined : { resourceVersion }
    this.#attached = this.#next
    this.#instance = this.#next?.instance
    this.#next = undefined
    this.#nextIsWhole = false
    before?.end()
    for (const reader of [...this.#readers]) reader.attach()
  }

  /** What was to take over does not. */
  #giveUp(): void {
    this.#next?.end()
    this.#next = undefined
    this.#nextIsWhole = false
  }

  #revive(delay: number): void {
    clearTimeout(this.#revival)
    this.#revival = setTimeout(() => void this.#attach(), delay)
  }

  async #attach(): Promise<void> {
    try {
      const instance = await this.#engine.instance()
      if (this.#closed || this.#attached !== undefined) return
      this.#instance = instance
      this.#attached = Attached.open(instance, this.#engine, this.#request, (notice) => this.#changed(notice))
      if (this.#paused) this.#attached?.call((core) => core.pause())
      for (const reader of [...this.#readers]) reader.attach()
      this.#attached?.call((core) => core.start())
    } catch (error) {
      const reason = reasonOf(error)
      this.#interim = { phase: 'failed', error: reason }
      this.#become(this.#interimStatus())
      this.#settle.reject(error instanceof WatchError ? error : new WatchError(reason))
    }
  }

  #changed(notice: number): void {
    if ((notice & NOTICE.snapshot) !== 0) {
      this.#whole = true
      this.#survived = this.#carried = undefined
      this.#settle.resolve()
    }
    this.#engine.request(this)
  }

  #become(status: WatchStatus): void {
    this.#status = status
    this.#engine.request(this)
  }

  #tell(): void {
    const status = this.status
    if (status === this.#told) return
    this.#told = status
    if (status.phase === 'failed' && status.error !== undefined) this.#settle.reject(new WatchError(status.error))
    this.dispatchEvent(new CustomEvent('status', { detail: status }))
  }

  #interimStatus(): WatchStatus {
    const before = this.#status as WatchStatus | undefined
    return deepFreeze({
      mode: 'watchlist',
      progress: { objects: 0, bytes: 0 },
      events: 0,
      reconnects: 0,
      droppedFrames: 0,
      heldBytes: 0,
      memoryBytes: 0,
      ...before,
      ...this.#interim,
    })
  }
}

/** A table's hold on an instance: its core and its host. */
class Attached {
  readonly instance: Instance
  readonly #core: WatchCore
  readonly #host: PageHost

  private constructor(instance: Instance, core: WatchCore, host: PageHost) {
    this.instance = instance
    this.#core = core
    this.#host = host
  }

  /** Undefined where the instance died of it: the engine will tell. */
  static open(
    instance: Instance,
    engine: Engine,
    request: TableRequest,
    changed: (notice: number) => void,
  ): Attached | undefined {
    const { options } = engine
    let attached: Attached | undefined
    const host = new PageHost(options, { changed, wake: () => attached?.call((core) => core.wake()) })
    const core = instance.enter((glue) => new glue.WatchCore(host, watchConfig(glue, request, options)))
    if (core !== undefined) attached = new Attached(instance, core, host)
    return attached
  }

  call<T>(entry: (core: WatchCore, glue: Glue) => T): T | undefined {
    return this.instance.enter((glue) => entry(this.#core, glue))
  }

  /** Hangs up, and detaches. */
  end(): void {
    this.call((core) => core.close())
    this.detach()
  }

  detach(): void {
    // Not now: an abort listener of the caller runs inside an entry of this very core, and wasm-bindgen frees nothing that is in use.
    queueMicrotask(() => this.call((core) => core.free()))
    this.#host.release()
  }
}
