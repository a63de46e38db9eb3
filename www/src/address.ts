// What the page shows, as its address says it: `#/apps/v1/deployments?namespace=shop&q=web&sort=-Age&row=shop/web&wide`,
// and with `open` in place of `row` that object beside the table.
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
  /** The row that one is at. */
  readonly selected: ObjectName | undefined
  /** The object that is open beside the table. */
  readonly opened: ObjectName | undefined
}

/** An object of the resource that the page shows. */
export interface ObjectName {
  /** Empty for cluster-scoped objects. */
  readonly namespace: string
  readonly name: string
}

/** What is left behind when another resource is shown: it names columns and rows of this one. */
export const leave = { filter: '', sort: undefined, selected: undefined, opened: undefined } as const

export const home: Address = {
  group: '',
  version: 'v1',
  resource: 'pods',
  namespace: '',
  filter: '',
  sort: undefined,
  wide: false,
  selected: undefined,
  opened: undefined,
}

export function parseAddress(hash: string): Address {
  const [path = '', query = ''] = splitOnce(hash.replace(/^#/, ''), '?')
  const parts = path.split('/').filter(Boolean).map(decode)
  const [resource, version, group = ''] = parts.reverse()
  if (!resource || !version) return home
  const parameters = new URLSearchParams(query)
  const sort = parameters.get('sort')
  const opened = parseObject(parameters.get('open'))
  return {
    group,
    version,
    resource,
    namespace: parameters.get('namespace') ?? '',
    filter: parameters.get('q') ?? '',
    sort: sort ? { column: sort.replace(/^-/, ''), descending: sort.startsWith('-') } : undefined,
    wide: parameters.has('wide'),
    selected: parseObject(parameters.get('row')) ?? opened,
    opened,
  }
}

export function formatAddress(address: Address): string {
  const path = [address.group, address.version, address.resource].filter(Boolean).map(encodeURIComponent).join('/')
  const parameters = new URLSearchParams()
  if (address.namespace) parameters.set('namespace', address.namespace)
  if (address.filter) parameters.set('q', address.filter)
  if (address.sort) parameters.set('sort', `${address.sort.descending ? '-' : ''}${address.sort.column}`)
  const { selected, opened } = address
  // A slash may stand in an address as it is, and is easier to read.
  const named = (key: string, object: ObjectName | undefined) =>
    object ? `${key}=${formatObject(object).split('/').map(encodeURIComponent).join('/')}` : ''
  const row = named('row', sameObject(selected, opened) ? undefined : selected)
  const query = [parameters.toString(), address.wide ? 'wide' : '', row, named('open', opened)]
    .filter(Boolean)
    .join('&')
  return `#/${path}${query ? `?${query}` : ''}`
}

/** The address of one object in the table of its resource. */
export function addressOf(resource: Pick<Address, 'group' | 'version' | 'resource'>, object: ObjectName): Address {
  const { group, version, resource: plural } = resource
  return { ...home, group, version, resource: plural, namespace: object.namespace, selected: object, opened: object }
}

/** `shop/web-1`, or the name alone. */
export function formatObject({ namespace, name }: ObjectName): string {
  return namespace ? `${namespace}/${name}` : name
}

export function sameObject(one: ObjectName | undefined, other: ObjectName | undefined): boolean {
  return one?.name === other?.name && one?.namespace === other?.namespace
}

/** Another resource or namespace, or an object opened, is a step that "back" undoes; a keystroke in the filter is not. */
export function isStep(before: Address, after: Address): boolean {
  return !sameTable(before, after) || (after.opened !== undefined && !sameObject(before.opened, after.opened))
}

export function sameTable(one: Address, other: Address): boolean {
  return (
    one.group === other.group &&
    one.version === other.version &&
    one.resource === other.resource &&
    one.namespace === other.namespace
  )
}

function parseObject(text: string | null): ObjectName | undefined {
  if (!text) return undefined
  const [first, rest] = splitOnce(text, '/')
  return rest ? { namespace: first, name: rest } : { namespace: '', name: first }
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
