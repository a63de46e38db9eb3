/** What scripts/build.mjs makes of wasm-bindgen's output: the same code as a function, so that each call has a state of its own. */

/** Instantiates; `link` turns the imports into the exports of a new instance. */
export function instantiate(link: (imports: WebAssembly.Imports) => WebAssembly.Exports): Glue

export interface Glue {
  readonly WatchCore: new (host: Host, config: WatchConfig) => WatchCore
  readonly WatchConfig: new (group: string, version: string, resource: string, namespace: string) => WatchConfig
  readonly ViewConfig: new () => ViewConfig
  readonly onPanic: (listener: (location: string) => void) => void
}

/** `wasm/src/config.rs`. Whoever takes one frees it. */
export interface WatchConfig {
  select(labels: string, fields: string): void
  limitMemory(bytes: number): void
  limitFrame(bytes: number): void
  seed(high: number, low: number): void
  credentials(credentials: string): void
  free(): void
  [Symbol.dispose](): void
}

/** `wasm/src/config.rs`. Whoever takes one frees it. */
export interface ViewConfig {
  wide(): void
  columns(names: string[]): void
  sort(column: string, descending: boolean): void
  text(text: string): void
  namespaces(names: string[]): void
  labels(selector: string): void
  allow(column: string, values: string[]): void
  free(): void
  [Symbol.dispose](): void
}

/** `wasm/src/export.rs`. */
export interface WatchCore {
  start(): void
  wake(): void
  retry(): void
  pause(): void
  resume(): void
  close(): void
  status(): string
  /** Brings the views up to date, for a slice; false: more is left, and `changed` will say when to call again. */
  refresh(): boolean
  openView(config: ViewConfig): number
  updateView(view: number, config: ViewConfig): void
  closeView(view: number): void
  hold(view: number): void
  release(view: number): void
  viewHead(view: number): string | undefined
  viewRows(view: number, first: number, last: number): string | undefined
  indexOf(view: number, key: string): number
  openFeed(): number
  nextBatch(feed: number, rows: number): string | undefined
  closeFeed(feed: number): void
  free(): void
  [Symbol.dispose](): void
}

/** `wasm/src/host.rs`. */
export interface Host {
  baseUrl(): string
  headers(kind: string, path: string, refresh: boolean, signal: AbortSignal): Promise<Headers>
  fetch(url: string, init: RequestInit): Promise<Response>
  reading(reader: ReadableStreamGenericReader, signal: AbortSignal): void
  controller(): AbortController
  finished(controller: AbortController): void
  turn(): Promise<void>
  arm(delay: number): void
  changed(notice: number): void
}
