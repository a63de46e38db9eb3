/// <reference lib="esnext.disposable" preserve="true" />
/** The public types of kube-watchlist. Times are milliseconds since the Unix epoch unless a line says otherwise. */

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
  /** Label selector, applied by the server, for example `app=web,tier!=cache`. */
  labelSelector?: string
  /** Field selector, applied by the server, for example `spec.nodeName=worker-1`. Which fields it knows depends on the resource. */
  fieldSelector?: string
}

/**
 * Where a watch is.
 *
 * - `connecting`: no rows yet, and none arriving: asking, or waiting before it asks again (then `error` says why).
 * - `syncing`: a snapshot is arriving, or has arrived and views are putting it in order. Rows of the last one stay; `staleSince` says since when they are old.
 * - `live`: rows are whole and follow the server.
 * - `resuming`: rows are whole; the stream was lost, and the way back to it is not proven yet.
 * - `stale`: rows are old, and a new snapshot is to be taken.
 * - `polling`: rows are whole and are taken anew from time to time, since the server streams no changes.
 * - `paused`: silent until `resume()`.
 * - `auth`: the server wants other credentials. Silent until `retry()`.
 * - `failed`: trying again would change nothing; `error` says why. Silent until `retry()`.
 * - `closed`: over.
 */
export type Phase =
  | 'connecting'
  | 'syncing'
  | 'live'
  | 'resuming'
  | 'stale'
  | 'polling'
  | 'paused'
  | 'auth'
  | 'failed'
  | 'closed'
/** How data come: one stream for snapshot and changes; pages, then a stream; pages again and again. */
export type Mode = 'watchlist' | 'list+watch' | 'poll'
/** In which form: Table rows of the server's own columns; metadata, or whole objects, in generic columns. */
export type Format = 'table' | 'metadata' | 'object'

/** What the API server itself said, from its `Status` object. */
export interface KubernetesReason {
  /** A word for machines, for example `Forbidden`. */
  readonly reason: string
  /** A sentence for people. */
  readonly message: string
  readonly details: {
    /** Why, by field. */
    readonly causes: readonly { readonly reason: string; readonly message: string; readonly field: string }[]
    /** How long the server asks to wait. */
    readonly retryAfterSeconds?: number
  }
}

/** Why something is as it is. `code` is stable, `message` is for people. */
export interface Reason {
  /** For programs, for example `forbidden`. */
  readonly code: string
  /** For people: the server's own sentence where it sent one. */
  readonly message: string
  /** The HTTP status, where one came. */
  readonly httpStatus?: number
  /** Where the API server sent a `Status`. */
  readonly kubernetes?: KubernetesReason
}

/** How far a sync is; once it is done, what the table holds and has received. */
export interface Progress {
  /** Objects that have arrived of the snapshot under way; otherwise the rows. */
  readonly objects: number
  /** Bytes of body, after decompression, of the snapshot under way; otherwise of the last one and all that came since. */
  readonly bytes: number
  /** Objects expected, where the server told (chunked LIST without a selector). */
  readonly total?: number
}

/** What a watch says of itself, frozen. It never says `live` when it is not. */
export interface WatchStatus {
  /** Where the watch is. */
  readonly phase: Phase
  /** How data come. */
  readonly mode: Mode
  /** Undefined until the first object came. */
  readonly format?: Format
  /** Why `mode` is not `watchlist`. */
  readonly fallbackReason?: Reason
  /**
   * What went wrong last, until it is mended. Beside `live`: the table may lack something (code `incomplete`). Beside `stale`, code
   * `core-crashed`: the wasm instance died, and a fresh one takes a new snapshot at `nextRetryAt`.
   */
  readonly error?: Reason
  /** The resourceVersion that the rows show. */
  readonly resourceVersion?: string
  /** How far the sync is. */
  readonly progress: Progress
  /** When the last event came. */
  readonly lastEventAt?: number
  /** Watch events that came since the start, bookmarks among them. */
  readonly events: number
  /** Since when the rows may be old; absent while they are known not to be, and where there are none. */
  readonly staleSince?: number
  /** How many times a stream or a snapshot had to be asked for again. */
  readonly reconnects: number
  /** Documents that could not be read, and tails that were cut off, since the start. */
  readonly droppedFrames: number
  /** When the next request goes out, if the watch waits for that. */
  readonly nextRetryAt?: number
  /** How long the last whole snapshot took, from request to publication, in milliseconds. */
  readonly syncDurationMs?: number
  /** What the last snapshot changed against the one before it. */
  readonly lastSnapshot?: { readonly added: number; readonly changed: number; readonly removed: number }
  /** What the rows of this table and the orders of its views hold, in bytes. */
  readonly heldBytes: number
  /**
   * Linear memory of the core, in bytes; the watches of a client share it. It does not shrink by itself: with the last watch it is given
   * back, and when less than a quarter of it is held the watches move to a fresh one, without a gap in what they show.
   */
  readonly memoryBytes: number
}

/** A column, as the server defines it. */
export interface Column {
  /** The heading. */
  readonly name: string
  /** An OpenAPI type: `string`, `integer`, `number`, `boolean` or `date`. Cells need not obey it. */
  readonly type: string
  /** An OpenAPI format; `name` marks the column of the object's name. */
  readonly format: string
  /** For people. */
  readonly description: string
  /** 0: always shown; above: only by `columns: 'wide'`. */
  readonly priority: number
}

/** A cell: any JSON value, whatever type its column declares. */
export type Cell = string | number | boolean | null | readonly unknown[] | { readonly [key: string]: unknown }

/** `metav1.OwnerReference`. */
export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
}

/** What of an object's metadata a dashboard needs. */
export interface RowMeta {
  readonly name: string
  /** Empty for cluster-scoped objects. */
  readonly namespace: string
  /** Empty where the server sends none. */
  readonly uid: string
  readonly resourceVersion: string
  /** RFC 3339, as the server sent it (seconds). */
  readonly creationTimestamp?: string
  /** Set while the object is being deleted. */
  readonly deletionTimestamp?: string
  readonly labels: Readonly<Record<string, string>>
  readonly owners: readonly OwnerReference[]
  readonly finalizers: readonly string[]
}

/** One row, frozen; the same object as long as nothing in it changes. */
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
  /** The object is gone; the row stays where it was, with its last cells, because the view is held. */
  readonly removed?: true
}

/** One rule of an order. */
export interface Sort {
  /** Name of the column; it need not be shown. A name that no column has is passed over. */
  readonly column: string
  /** Greatest first. */
  readonly descending?: boolean
}

/** Which rows: those that pass all of it. */
export interface Filter {
  /** Case-insensitive substring of any shown cell, the name or the namespace. */
  readonly text?: string
  /** Rows of these namespaces; empty: of all. */
  readonly namespaces?: readonly string[]
  /** Kubernetes label selector syntax, matched in the client. */
  readonly labelSelector?: string
  /** Allowed values by column name (as shown). */
  readonly columns?: Readonly<Record<string, readonly string[]>>
}

/** What a view shows. */
export interface ViewOptions {
  /** `'default'`: priority 0; `'wide'`: all; or names in order. */
  readonly columns?: 'default' | 'wide' | readonly string[]
  /** The weightiest rule first; rows that are equal in all of it go by namespace, name and key. */
  readonly sort?: readonly Sort[]
  /** Which rows. */
  readonly filter?: Filter
}

/** What a view shows at one moment, frozen. */
export interface ViewSnapshot {
  /** Index of the first row of the window. */
  readonly first: number
  /** The rows of the declared window; `undefined` where one is not there yet. */
  readonly rows: readonly (Row | undefined)[]
  /** Rows that pass the filter. */
  readonly count: number
  /** Rows in the table, before the filter. */
  readonly total: number
  /** The shown columns, in the order of the cells. */
  readonly columns: readonly Column[]
  /** Grows with every change of this object. */
  readonly version: number
  /** Moves that wait while the view is held. */
  readonly pending: number
  /** The last options could not be applied, for example a selector that is none; the rows are those of the ones before. */
  readonly error?: Reason
}

/**
 * A sorted, filtered order of a table's rows, read by windows. `subscribe` and `getSnapshot` need no receiver: React's
 * `useSyncExternalStore(view.subscribe, view.getSnapshot)` takes them as they are.
 */
export interface View extends Disposable {
  /** Declares rows `[first, last)` as looked at. */
  setWindow(first: number, last: number): void
  /** Called at most once an animation frame (by a timer while the page is hidden). Returns the unsubscriber. */
  readonly subscribe: (listener: () => void) => () => void
  /** Frozen; the same reference until something changed; an unchanged row is the same object. */
  readonly getSnapshot: () => ViewSnapshot
  /** Shows something else: parts that are given take the place of those before. What is refused is told in the snapshot's `error`. */
  update(options: ViewOptions): void
  /** Freezes the order (cells go on changing, rows of objects that go stay and are marked `removed`) until `release`. */
  hold(): void
  /** Lets the order follow again. */
  release(): void
  /** Position of a row in the current order, or -1. */
  indexOf(key: string): Promise<number>
  /** Ends the view; its last snapshot stays readable. */
  close(): void
}

/**
 * A batch of changes. First comes the whole snapshot, in batches of kind `snapshot`, the last of them marked; then batches of kind
 * `update`. A new snapshot comes when the columns change, and when a fresh wasm instance took over: then the first batch of kind `snapshot` takes the place of everything before.
 * Cells are those of all columns.
 */
export interface Change {
  readonly kind: 'snapshot' | 'update'
  /** Rows that the reader did not have. */
  readonly added: readonly Row[]
  /** Rows that differ from what the reader has. */
  readonly changed: readonly Row[]
  /** Keys of rows that are gone. */
  readonly removed: readonly string[]
  /** No further batch belongs to this snapshot, or waits of these updates. */
  readonly last: boolean
}

/** A live table. It says that its `status` changed by an event of that name, at most once an animation frame. */
export interface TableWatch extends EventTarget, Disposable {
  /**
   * The first whole snapshot; rejects with a WatchError where that can never come. Never an unhandled rejection. Views that are open
   * show it with the next frame, and not before that does the status say `live`.
   */
  readonly synced: Promise<void>
  /** The same reference until it changes. */
  readonly status: WatchStatus
  /** What changes, keyed, at the reader's own pace: of a row that was not read yet only the last change comes. Ends with the watch. */
  changes(): AsyncIterableIterator<Change>
  /** Opens a view of the rows. Close it when it is looked at no more. */
  view(options?: ViewOptions): View
  /** Tries again now: ends a wait, and the phases `auth` and `failed`. */
  retry(): void
  /** Hangs up and keeps the rows. */
  pause(): void
  /** Goes on after a pause. */
  resume(): void
  /** Hangs up for good and frees the memory. What was shown last stays readable. */
  close(): void
  addEventListener(
    type: 'status',
    listener: ((event: CustomEvent<WatchStatus>) => void) | null,
    options?: boolean | AddEventListenerOptions,
  ): void
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void
  removeEventListener(
    type: 'status',
    listener: ((event: CustomEvent<WatchStatus>) => void) | null,
    options?: boolean | EventListenerOptions,
  ): void
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void
}

/** What `headers` is told of a request. */
export interface RequestInfo {
  readonly kind: 'watchlist' | 'list' | 'watch' | 'probe'
  /** Path below the base address, without the query. */
  readonly path: string
}

/** Where the wasm module is, or the module itself. */
export type WasmSource = URL | string | Response | BufferSource | WebAssembly.Module

/** How a client reaches its API server. */
export interface ClientOptions {
  /** Address of the API server (or of a proxy to it): absolute, or relative to the page. */
  baseUrl: string | (() => string)
  /**
   * Every request goes through it. Default: the global `fetch`. One that does not heed `init.signal` has the body of its
   * response cancelled in its place.
   */
  fetch?: typeof fetch
  /** Sent with every request. The protocol's own (`Accept`, `Range`) win, and so does `Authorization` of `getToken`. */
  headers?: HeadersInit | ((request: RequestInfo) => HeadersInit | Promise<HeadersInit>)
  /** As for `fetch`: whether cookies go with a request. */
  credentials?: RequestCredentials
  /** A bearer token; asked again once (`refresh: true`) after a 401. */
  getToken?: (options: { refresh: boolean; signal: AbortSignal }) => string | undefined | Promise<string | undefined>
  /**
   * Cap on what the rows of each table may hold, in bytes; orders of views and readers of changes may hold a quarter of it besides.
   * Default 1 GiB. A table that reaches it, or the end of the memory that the browser gives, stops: phase `failed`, `error.code`
   * `capacity`. The last whole snapshot stays readable, marked stale since then. `retry()` tries again, for when there are fewer rows;
   * what changed meanwhile needs room beside them, so where that fails too, close the table and open it anew.
   */
  memoryLimitBytes?: number
  /**
   * The largest JSON document that is read (a watch event, an object of a LIST), in bytes after decompression. Default 16 MiB, at most
   * 4 GiB. A larger one is skipped without being held, counted in `droppedFrames`, and the status says so (`error.code` `incomplete`).
   */
  frameLimitBytes?: number
  /** Where the wasm is; default: beside this module. */
  wasm?: WasmSource
}

/** A client of one API server. Its watches share one instance of the wasm module. */
export interface Client extends Disposable {
  /** Opens a live table; it closes with `signal`. */
  watchTable(request: TableRequest, options?: { signal?: AbortSignal }): TableWatch
  /** Closes all watches. */
  close(): void
}
