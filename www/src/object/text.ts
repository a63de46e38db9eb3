// An object as YAML for people: without the bookkeeping of server-side apply, and a Secret without its values until
// somebody asks for them.
import { stringify } from 'yaml'
import type { Json } from './reader'

/** Holds the whole object once more, and so all values of a Secret. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

export function isSecret(object: Json): boolean {
  return object.kind === 'Secret' && object.apiVersion === 'v1'
}

export function objectText(object: Json, showValues: boolean): string {
  const hides = isSecret(object) && !showValues
  const shown: Record<string, unknown> = { ...object, metadata: metadata(object.metadata, hides) }
  if (object.metadata === undefined) delete shown.metadata
  if (hides) {
    for (const [name, isEncoded] of [
      ['data', true],
      ['stringData', false],
    ] as const) {
      if (object[name] !== undefined) shown[name] = hidden(object[name], isEncoded)
    }
  }
  // YAML 1.1, as kubectl reads it: there "yes" and "on" are no texts unless they are quoted.
  return stringify(shown, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false })
}

function metadata(value: unknown, hides: boolean): unknown {
  if (!isMap(value)) return value
  const { managedFields: _bookkeeping, ...shown } = value
  if (hides && isMap(shown.annotations) && lastApplied in shown.annotations) {
    shown.annotations = { ...shown.annotations, [lastApplied]: '(hidden)' }
  }
  return shown
}

function hidden(values: unknown, isEncoded: boolean): unknown {
  if (!isMap(values)) return '(hidden)'
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      typeof value === 'string' ? `(hidden, ${size(value, isEncoded)} bytes)` : '(hidden)',
    ]),
  )
}

/** Bytes of a value, which in `data` is base64. */
function size(value: string, isEncoded: boolean): number {
  if (!isEncoded) return new TextEncoder().encode(value).length
  return Math.floor((value.replaceAll(/[=\s]/g, '').length * 3) / 4)
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
