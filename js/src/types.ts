/** The public types of kube-watchlist. Start of the contract; see docs for the guide. */

/** A resource to watch. */
export interface TableRequest {
  /** API group; empty or absent for the core group. */
  group?: string
  /** API version, for example `v1`. */
  version: string
  /** Plural resource name, for example `pods`. */
  resource: string
  /** Absent or empty: all namespaces, or a cluster-scoped resource. One namespace for now. */
  namespaces?: readonly string[]
  labelSelector?: string
  fieldSelector?: string
}

export type Phase =
  | 'connecting' | 'syncing' | 'live' | 'resuming' | 'stale' | 'polling'
  | 'paused' | 'auth' | 'failed' | 'closed'
export type Mode = 'watchlist' | 'list+watch' | 'poll'
export type Format = 'table' | 'metadata' | 'object'

/** What the API server itself said, from its `Status` object. */
export interface KubernetesReason {
  /** A word for machines, for example `Forbidden`. */
  readonly reason: string
  /** A sentence for people. */
  readonly message: string
  readonly details: {
    readonly causes: readonly { readonly reason: string; readonly message: string; readonly field: string }[]
    readonly retryAfterSeconds?: number
  }
}

/** Why something is as it is. `code` is stable, `message` is for people. */
export interface Reason {
  readonly code: string
  readonly message: string
  readonly httpStatus?: number
  /** Where the API server sent a `Status`. */
  readonly kubernetes?: KubernetesReason
}

export interface Progress {
  /** Objects received in this sync. */
  readonly objects: number
  /** Bytes of body received in this sync, after decompression. */
  readonly bytes: number
  /** Objects expected, where the server told (chunked LIST without a selector). */
  readonly total?: number
}

export interface WatchStatus {
  readonly phase: Phase
  readonly mode: Mode
  /** Undefined until the first object came. */
  readonly format?: Format
  readonly fallbackReason?: Reason
  readonly error?: Reason
  readonly resourceVersion?: string
  readonly progress: Progress
  /** Milliseconds since the Unix epoch, as all times here. */
  readonly lastEventAt?: number
  readonly staleSince?: number
  /** How many times a stream or a snapshot had to be asked for again. */
  readonly reconnects: number
  /** Documents that could not be read, and tails that were cut off, since the start. */
  readonly droppedFrames: number
  readonly nextRetryAt?: number
  /** How long the last whole snapshot took, from request to publication, in milliseconds. */
  readonly syncDurationMs?: number
  /** What the last snapshot changed against the one before it. */
  readonly lastSnapshot?: { readonly added: number; readonly changed: number; readonly removed: number }
  /** Linear memory of the core, in bytes. */
  readonly memoryBytes: number
}

export interface Column {
  readonly name: string
  readonly type: string
  readonly format: string
  readonly description: string
  /** 0: always shown; above: only by `columns: 'wide'`. */
  readonly priority: number
}

export type Cell = string | number | boolean | null | readonly unknown[] | { readonly [key: string]: unknown }

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
}

export interface RowMeta {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly resourceVersion: string
  /** RFC 3339, as the server sent it (seconds). */
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly labels: Readonly<Record<string, string>>
  readonly owners: readonly OwnerReference[]
  readonly finalizers: readonly string[]
}

export interface Row {
  /** Stable while the object lives; unique in its table. */
  readonly key: string
  /** Which source of the table it came from; 0 for now. */
  readonly source: number
  /** API path of the object, below the base address. */
  readonly path: string
  /** One value a column of the view. Text is data, never markup. Times tick. */
  readonly cells: readonly Cell[]
  readonly meta: RowMeta
}

export interface Sort { readonly column: string; readonly descending?: boolean }

export interface Filter {
  /** Case-insensitive substring of any shown cell, the name or the namespace. */
  readonly text?: string
  readonly namespaces?: readonly string[]
  /** Kubernetes label selector syntax, matched in the client. */
  readonly labelSelector?: string
  /** Allowed values by column name (as shown). */
  readonly columns?: Readonly<Record<string, readonly string[]>>
}

export interface ViewOptions {
  /** `'default'`: priority 0; `'wide'`: all; or names in order. */
  readonly columns?: 'default' | 'wide' | readonly string[]
  readonly sort?: readonly Sort[]
  readonly filter?: Filter
}

export interface ViewSnapshot {
  /** Index of the first row of the window. */
  readonly first: number
  /** The rows of the declared window; `undefined` where one is not there yet. */
  readonly rows: readonly (Row | undefined)[]
  /** Rows that pass the filter. */
  readonly count: number
  /** Rows in the table, before the filter. */
  readonly total: number
  readonly columns: readonly Column[]
  /** Grows with every change of this object. */
  readonly version: number
  /** Moves that wait while the view is held. */
  readonly pending: number
  /** The last options could not be applied, for example a selector that is none; the rows are those of the ones before. */
  readonly error?: Reason
}

export interface View {
  /** Declares rows `[first, last)` as looked at. */
  setWindow(first: number, last: number): void
  /** Called at most once an animation frame (by a timer while the page is hidden). Returns the unsubscriber. */
  subscribe(listener: () => void): () => void
  /** Frozen; the same reference until something changed; an unchanged row is the same object. */
  getSnapshot(): ViewSnapshot
  update(options: ViewOptions): void
  /** Freezes the order (cells go on changing) until `release`. */
  hold(): void
  release(): void
  /** Position of a row in the current order, or -1. */
  indexOf(key: string): Promise<number>
  close(): void
}

/**
 * A batch of changes. First comes the whole snapshot, in batches of kind `snapshot`, the last of them marked; then batches of kind
 * `update`. A new snapshot comes when the columns change: then the first batch of kind `snapshot` takes the place of everything before.
 * Cells are those of all columns.
 */
export interface Change {
  readonly kind: 'snapshot' | 'update'
  readonly added: readonly Row[]
  readonly changed: readonly Row[]
  readonly removed: readonly string[]
  readonly last: boolean
}

export interface TableWatch extends EventTarget {
  /** The first whole snapshot; rejects with a WatchError where that can never come. Never an unhandled rejection. */
  readonly synced: Promise<void>
  /** The same reference until it changes. */
  readonly status: WatchStatus
  /** What changes, keyed, at the reader's own pace: of a row that was not read yet only the last change comes. Ends with the watch. */
  changes(): AsyncIterableIterator<Change>
  view(options?: ViewOptions): View
  retry(): void
  pause(): void
  resume(): void
  close(): void
}

/** What `headers` is told of a request. */
export interface RequestInfo { readonly kind: 'watchlist' | 'list' | 'watch' | 'probe'; readonly path: string }

/** Where the wasm module is, or the module itself. */
export type WasmSource = URL | string | Response | BufferSource | WebAssembly.Module

export interface ClientOptions {
  /** Address of the API server (or of a proxy to it): absolute, or relative to the page. */
  baseUrl: string | (() => string)
  /** Every request goes through it. Default: the global `fetch`. */
  fetch?: typeof fetch
  headers?: HeadersInit | ((request: RequestInfo) => HeadersInit | Promise<HeadersInit>)
  credentials?: RequestCredentials
  /** A bearer token; asked again once (`refresh: true`) after a 401. */
  getToken?: (options: { refresh: boolean; signal: AbortSignal }) => string | undefined | Promise<string | undefined>
  /** Cap on linear memory for rows, in bytes. Default 1 GiB. */
  memoryLimitBytes?: number
  /** Where the wasm is; default: beside this module. */
  wasm?: WasmSource
}

export interface Client {
  watchTable(request: TableRequest, options?: { signal?: AbortSignal }): TableWatch
  close(): void
}
