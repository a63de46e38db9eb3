// The words that the tables of cases are written in.
import { accept } from '../../../scripts/lib/kube-client.mjs'

/** Long enough for every change that a case makes, short enough for a test. */
export const seconds = 3

const query = (parameters) => new URLSearchParams(parameters).toString().replaceAll('%3A', ':').replaceAll('+', '%20')

/** GET with the Accept of a dashboard unless another is given. */
export const get = (path, parameters = {}, headers = {}) => ({
  path: Object.keys(parameters).length > 0 ? `${path}?${query(parameters)}` : path,
  headers: { Accept: accept.tableOrJson, ...headers },
})

export const watch = (path, parameters = {}, headers) =>
  get(path, { watch: 1, timeoutSeconds: seconds, ...parameters }, headers)

/** The request that every watch of the client begins with. A parameter of `undefined` is left out. */
export const watchList = (path, changes = {}, headers) => {
  const parameters = {
    watch: 1,
    sendInitialEvents: true,
    resourceVersionMatch: 'NotOlderThan',
    allowWatchBookmarks: true,
    timeoutSeconds: seconds,
    ...changes,
  }
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined)
  return get(path, Object.fromEntries(given), headers)
}

/** The collections of a case's namespace. */
export const pods = '/api/v1/namespaces/{ns}/pods'
export const configmaps = '/api/v1/namespaces/{ns}/configmaps'

export const status = (code, reason, message, details) => [
  `HTTP ${code}`,
  `Status v1 Failure ${reason ?? '-'} ${code}`,
  message,
  ...(details ? [`details ${JSON.stringify(details)}`] : []),
]

export const badRequest = (message) => status(400, 'BadRequest', message)

/** Error bodies are printed for people where the Accept names no form that an error can have. */
export const pretty = ([head, ...rest]) => [`${head} pretty`, ...rest]

/** What the validation of list options says; `causes` are `[reason, field, sentence]`. */
export const invalid = (...causes) => {
  const sentences = causes.map(([, field, sentence]) => `${field}: ${sentence}`)
  const all = sentences.length === 1 ? sentences[0] : `[${sentences.join(', ')}]`
  return [
    ...status(422, 'Invalid', `ListOptions.meta.k8s.io "" is invalid: ${all}`, {
      group: 'meta.k8s.io',
      kind: 'ListOptions',
    }),
    ...causes.map(([reason, field, sentence]) => `cause ${reason} ${field}: ${sentence}`),
  ]
}

export const forbidden = (field, sentence) => ['FieldValueForbidden', field, `Forbidden: ${sentence}`]

/** The refusals that say that a server has no WatchList, or not so. */
export const gateOff = forbidden(
  'sendInitialEvents',
  'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
)
export const matchMissing = forbidden(
  'resourceVersionMatch',
  'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
)
export const matchUnsupported = [
  'FieldValueNotSupported',
  'resourceVersionMatch',
  'Unsupported value: "Exact": supported values: "NotOlderThan"',
]

/** Initial events of a stream: ADDED in the order of names, then the end. */
export const initial = (kind, names, columns) => {
  const first = kind === 'Table' ? `Table ${columns} columns` : kind
  const lines = names.map((name, index) => `ADDED ${index === 0 ? first : kind} ${name}`)
  const end = kind === 'Table' ? `${names.length === 0 ? first : kind} empty end` : `${kind} end`
  return ['HTTP 200', ...lines, `BOOKMARK ${end}`]
}

/**
 * What a WatchList that accepts Tables or JSON gets: Tables, objects of `kind` where the server has no Tables for it,
 * a refusal where it has none at all. `more` gives what follows the initial events.
 */
export const tableOrJson =
  (columns, kind, names, more = () => []) =>
  ({ watchList, tables }) => {
    if (!watchList) return invalid(gateOff)
    const form = tables ? 'Table' : kind
    return [...initial(form, names, columns), ...more(form)]
  }

export const tooLarge = (line) => [
  ...line,
  'Status v1 Failure Timeout 504',
  'Timeout: Too large resource version: 99999999, current: N',
  'details {"retryAfterSeconds":1}',
  'cause ResourceVersionTooLarge -: Too large resource version',
]
