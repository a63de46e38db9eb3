/** Requests and options as the core takes them. All text passes `String`: what is none would be a bug inside, not outside. */
import type { Glue, ViewConfig, WatchConfig } from './glue.js'
import type { ClientOptions, TableRequest, ViewOptions } from './types.js'

/** A 32-bit memory has no more. */
const MOST_BYTES = 2 ** 32 - 1

export function watchConfig(glue: Glue, request: TableRequest, options: ClientOptions): WatchConfig {
  const config = new glue.WatchConfig(
    text(request.group),
    text(request.version),
    text(request.resource),
    text(request.namespaces?.[0]),
  )
  config.select(text(request.labelSelector), text(request.fieldSelector))
  const { memoryLimitBytes, frameLimitBytes } = options
  if (memoryLimitBytes !== undefined) config.limitMemory(bytes(memoryLimitBytes))
  if (frameLimitBytes !== undefined) config.limitFrame(bytes(frameLimitBytes))
  if (options.credentials !== undefined) config.credentials(text(options.credentials))
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2))
  config.seed(high, low)
  return config
}

export function viewConfig(glue: Glue, { columns, sort = [], filter = {} }: ViewOptions): ViewConfig {
  const config = new glue.ViewConfig()
  if (columns === 'wide') config.wide()
  else if (Array.isArray(columns)) config.columns(columns.map(text))
  for (const { column, descending } of sort) config.sort(text(column), descending === true)
  config.text(text(filter.text))
  config.namespaces((filter.namespaces ?? []).map(text))
  config.labels(text(filter.labelSelector))
  for (const [column, values] of Object.entries(filter.columns ?? {})) config.allow(column, values.map(text))
  return config
}

function bytes(value: number): number {
  return Math.min(MOST_BYTES, Math.max(0, value))
}

function text(value: unknown): string {
  return value === undefined || value === null ? '' : String(value)
}
