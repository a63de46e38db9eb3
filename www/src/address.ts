// What the page shows, as its address says it: `#/apps/v1/deployments?namespace=shop&q=web&sort=-Age&wide`.
import type { Sort } from 'kube-watchlist'

export interface Address {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  readonly resource: string
  /** Empty: all namespaces. */
  readonly namespace: string
  /** The filter as it is typed. */
  readonly filter: string
  readonly sort: Sort | undefined
  readonly wide: boolean
}

export const home: Address = {
  group: '',
  version: 'v1',
  resource: 'pods',
  namespace: '',
  filter: '',
  sort: undefined,
  wide: false,
}

export function parseAddress(hash: string): Address {
  const [path = '', query = ''] = splitOnce(hash.replace(/^#/, ''), '?')
  const parts = path.split('/').filter(Boolean).map(decode)
  const [resource, version, group = ''] = parts.reverse()
  if (!resource || !version) return home
  const parameters = new URLSearchParams(query)
  const sort = parameters.get('sort')
  return {
    group,
    version,
    resource,
    namespace: parameters.get('namespace') ?? '',
    filter: parameters.get('q') ?? '',
    sort: sort ? { column: sort.replace(/^-/, ''), descending: sort.startsWith('-') } : undefined,
    wide: parameters.has('wide'),
  }
}

export function formatAddress(address: Address): string {
  const path = [address.group, address.version, address.resource]
    .filter(Boolean)
    .map(encodeURIComponent)
    .join('/')
  const parameters = new URLSearchParams()
  if (address.namespace) parameters.set('namespace', address.namespace)
  if (address.filter) parameters.set('q', address.filter)
  if (address.sort) parameters.set('sort', `${address.sort.descending ? '-' : ''}${address.sort.column}`)
  const query = [parameters.toString(), address.wide ? 'wide' : ''].filter(Boolean).join('&')
  return `#/${path}${query ? `?${query}` : ''}`
}

/** Another resource or namespace is a step that "back" undoes; a keystroke in the filter is not. */
export function isStep(before: Address, after: Address): boolean {
  return (
    before.group !== after.group ||
    before.version !== after.version ||
    before.resource !== after.resource ||
    before.namespace !== after.namespace
  )
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
