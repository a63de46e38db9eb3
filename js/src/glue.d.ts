/** What scripts/build.mjs makes of wasm-bindgen's output: the same code as a function, so that each call has a state of its own. */

/** Instantiates; `link` turns the imports into the exports of a new instance. */
export function instantiate(link: (imports: WebAssembly.Imports) => WebAssembly.Exports): Glue

export interface Glue {
  readonly WatchCore: new (host: Host, options: string) => WatchCore
  readonly onPanic: (listener: (location: string) => void) => void
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
  openView(options: string): number
  updateView(view: number, options: string): void
  closeView(view: number): void
  hold(view: number): void
  release(view: number): void
  viewHead(view: number): string
  viewRows(view: number, first: number, last: number): string
  indexOf(view: number, key: string): number
  free(): void
}

/** `wasm/src/host.rs`. */
export interface Host {
  baseUrl(): string
  headers(kind: string, path: string, refresh: boolean, signal: AbortSignal): Promise<Headers>
  fetch(url: string, init: RequestInit): Promise<Response>
  controller(): AbortController
  finished(controller: AbortController): void
  turn(): Promise<void>
  arm(delay: number): void
  changed(notice: number): void
}
