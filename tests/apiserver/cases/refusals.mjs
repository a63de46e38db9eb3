// What is refused, and in which words.
import { accept } from '../../../scripts/lib/kube-client.mjs'
import {
  badRequest,
  configmaps,
  forbidden,
  gateOff,
  get,
  invalid,
  matchMissing,
  matchUnsupported,
  pods,
  pretty,
  status,
  tooLarge,
  watch,
  watchList,
} from './requests.mjs'

const notAcceptable = [
  'HTTP 406 pretty',
  'Status v1 Failure NotAcceptable 406',
  'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
]
/** A WatchList in a form that there is not. */
const noSuchForm = ({ watchList, validatesFirst }) =>
  validatesFirst && !watchList ? pretty(invalid(gateOff)) : notAcceptable
const unauthorized = status(401, 'Unauthorized', 'Unauthorized')
const badNumber = 'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax'

export const refusals = [
  {
    name: '422-no-match',
    request: watchList(pods, { resourceVersionMatch: undefined, timeoutSeconds: undefined }),
    expect: ({ watchList }) => (watchList ? invalid(matchMissing) : invalid(matchMissing, gateOff)),
  },
  {
    name: '422-match-exact',
    request: watchList(pods, {
      resourceVersionMatch: 'Exact',
      resourceVersion: 1,
      allowWatchBookmarks: undefined,
      timeoutSeconds: undefined,
    }),
    expect: ({ watchList }) =>
      watchList ? invalid(matchMissing, matchUnsupported) : invalid(matchMissing, gateOff, matchUnsupported),
  },
  {
    name: '422-match-without-initial',
    request: get(pods, { watch: 1, resourceVersionMatch: 'NotOlderThan', resourceVersion: 1 }),
    expect: ({ unknown }) => {
      const sentence = 'resourceVersionMatch is forbidden for watch'
      return invalid(
        forbidden('resourceVersionMatch', unknown ? sentence : `${sentence} unless sendInitialEvents is provided`),
      )
    },
  },
  {
    name: '422-continue-with-match',
    request: watchList(pods, { continue: 'abc' }),
    expect: ({ watchList }) =>
      invalid(
        ...(watchList ? [] : [gateOff]),
        forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'),
      ),
  },
  {
    name: '422-initial-false-gate',
    request: watchList(pods, { sendInitialEvents: false, timeoutSeconds: 1 }),
    expect: ({ watchList }) => (watchList ? ['HTTP 200'] : invalid(gateOff)),
  },
  {
    name: '422-list-with-initial',
    request: get(pods, { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }),
    expect: () =>
      invalid(
        forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'),
        forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'),
      ),
  },
  {
    name: '422-list-exact-zero',
    request: get(pods, { resourceVersion: 0, resourceVersionMatch: 'Exact' }),
    expect: () =>
      invalid(forbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')),
  },
  {
    name: '422-list-match-unknown',
    request: get(pods, { resourceVersion: 1, resourceVersionMatch: 'Latest' }),
    expect: () =>
      invalid([
        'FieldValueNotSupported',
        'resourceVersionMatch',
        'Unsupported value: "Latest": supported values: "Exact", "NotOlderThan", ""',
      ]),
  },
  {
    name: 'pods-watchlist-browser-ua-422',
    request: get(pods, { watch: 1, sendInitialEvents: true }, { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64)' }),
    expect: ({ watchList }) => pretty(watchList ? invalid(matchMissing) : invalid(matchMissing, gateOff)),
  },
  {
    name: '406-table-protobuf',
    request: watchList(pods, {}, { Accept: 'application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io' }),
    expect: noSuchForm,
  },
  {
    name: '406-table-v1alpha1',
    request: watchList(pods, {}, { Accept: 'application/json;as=Table;v=v1alpha1;g=meta.k8s.io' }),
    expect: noSuchForm,
  },
  {
    name: '406-list-table-v1alpha1',
    request: get(pods, {}, { Accept: 'application/json;as=Table;v=v1alpha1;g=meta.k8s.io' }),
    expect: () => notAcceptable,
  },
  {
    name: '400-field-selector',
    request: watchList(pods, { fieldSelector: 'spec.foo=x' }),
    expect: ({ watchList }) => (watchList ? badRequest('field label not supported: spec.foo') : invalid(gateOff)),
  },
  {
    name: '400-list-field-selector',
    request: get(configmaps, { fieldSelector: 'spec.foo=x' }),
    expect: () => badRequest('"spec.foo" is not a known field selector: only "metadata.name", "metadata.namespace"'),
  },
  {
    name: '400-label-selector',
    request: get(pods, { labelSelector: 'a in b' }),
    expect: () => badRequest("unable to parse requirement: found 'b' expected: '('"),
  },
  {
    name: '400-label-operator',
    request: get(pods, { labelSelector: 'a b' }),
    expect: () => badRequest(`unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt`),
  },
  {
    name: '400-label-unclosed',
    request: get(pods, { labelSelector: 'a in (x' }),
    expect: () => badRequest(`unable to parse requirement: found '', expected: ',' or ')'`),
  },
  {
    name: '400-label-number',
    request: get(pods, { labelSelector: 'a>b' }),
    expect: () =>
      badRequest(
        `unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`,
      ),
  },
  {
    name: '400-timeout',
    request: get(pods, { watch: 1, timeoutSeconds: 'abc' }),
    expect: () => badRequest('strconv.ParseInt: parsing "abc": invalid syntax'),
  },
  {
    name: '400-limit',
    request: get(pods, { limit: 'abc' }),
    expect: () => badRequest('strconv.ParseInt: parsing "abc": invalid syntax'),
  },
  {
    name: '400-continue',
    request: get(pods, { limit: 1, continue: 'abc' }),
    expect: () =>
      badRequest(
        "invalid continue token: continue key is not valid: invalid character 'i' looking for beginning of value",
      ),
  },
  {
    name: '400-continue-base64',
    request: get(pods, { limit: 1, continue: '!!!' }),
    expect: () => badRequest('invalid continue token: continue key is not valid: illegal base64 data at input byte 0'),
  },
  {
    name: '400-continue-version',
    request: get(pods, { limit: 1, continue: 'e30' }),
    expect: () =>
      badRequest('invalid continue token: continue key is not valid: server does not recognize this encoded version '),
  },
  {
    name: '400-continue-start',
    request: get(pods, { limit: 1, continue: 'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NSwic3RhcnQiOiIifQ' }),
    expect: () =>
      badRequest('invalid continue token: continue key is not valid: encoded start key empty (version meta.k8s.io/v1)'),
  },
  {
    name: 'pods-watchlist-table-include-bad',
    request: watchList(pods, { includeObject: 'Bad' }),
    expect: ({ watchList, tables }) => {
      if (!watchList) return invalid(gateOff)
      // Without Tables the parameter means nothing.
      if (!tables)
        return ['HTTP 200', ...['web-0', 'web-1', 'web-2'].map((name) => `ADDED Pod ${name}`), 'BOOKMARK Pod end']
      return badRequest(
        `Unable to convert to Table as requested: includeObject: Invalid value: "Bad": must be 'Metadata', 'Object', 'None', or empty`,
      )
    },
  },
  { name: '401', request: { ...watchList(pods), token: null }, expect: () => unauthorized },
  { name: '401-bad-token', request: { ...watchList(pods), token: 'not-a-token' }, expect: () => unauthorized },
  { name: '401-list', request: { ...get(pods), token: null }, expect: () => unauthorized },
  {
    name: '404-resource',
    request: watchList('/api/v1/nothings'),
    expect: () => status(404, 'NotFound', 'the server could not find the requested resource', {}),
  },
  {
    name: '404-group',
    request: watchList('/apis/nothing.example/v1/things'),
    expect: () => ['HTTP 404 text/plain; charset=utf-8', 'text 404 page not found'],
  },
  {
    name: '404-object',
    request: get(`${pods}/nope`),
    expect: () => status(404, 'NotFound', 'pods "nope" not found', { name: 'nope', kind: 'pods' }),
  },
  {
    name: '405-watch',
    request: watchList('/api/v1/componentstatuses'),
    expect: ({ watchList }) => {
      if (!watchList) return withWarning(invalid(gateOff))
      const sentence = 'watch is not supported on resources of kind "componentstatuses"'
      return withWarning(status(405, 'MethodNotAllowed', sentence, { kind: 'componentstatuses' }))
    },
  },
  {
    name: 'pods-watch-bad-rv',
    request: watch(pods, { resourceVersion: 'abc' }),
    expect: () => status(500, undefined, badNumber),
  },
  {
    name: 'watchlist-bad-rv',
    request: watchList(pods, { resourceVersion: 'abc' }),
    expect: ({ watchList }) => (watchList ? status(500, undefined, badNumber) : invalid(gateOff)),
  },
  {
    name: 'list-bad-rv',
    request: get(pods, { resourceVersion: 'abc', resourceVersionMatch: 'NotOlderThan' }),
    expect: ({ badListVersion }) =>
      badListVersion === 500 ? status(500, undefined, badNumber) : badRequest(`invalid resource version: ${badNumber}`),
  },
  {
    name: 'list-bad-rv-exact',
    request: get(pods, { resourceVersion: 'abc', resourceVersionMatch: 'Exact' }),
    expect: () => badRequest(`invalid resource version: ${badNumber}`),
  },
  {
    name: 'pods-list-future-rv',
    request: get(pods, { resourceVersion: 99999999, resourceVersionMatch: 'NotOlderThan' }),
    expect: () => tooLarge(['HTTP 504 retry-after=1']),
  },
  {
    name: 'pods-watchlist-future-rv',
    request: watchList(pods, { resourceVersion: 99999999 }),
    expect: ({ watchList }) => (watchList ? tooLarge(['HTTP 200', 'ERROR']) : invalid(gateOff)),
  },
  {
    // Nothing tells that the server has not come so far: no event, no bookmark, no error.
    name: 'watch-future-with-bookmarks',
    request: watch(pods, { resourceVersion: 99999999, allowWatchBookmarks: true, timeoutSeconds: 6 }),
    options: { bookmarks: true },
    expect: () => ['HTTP 200'],
  },
  {
    name: 'pods-watchlist-table-only',
    request: watchList(pods, {}, { Accept: accept.table }),
    expect: ({ watchList, tables }) => {
      if (!watchList) return pretty(invalid(gateOff))
      if (!tables) return notAcceptable
      return [
        'HTTP 200',
        'ADDED Table 9 columns web-0',
        'ADDED Table web-1',
        'ADDED Table web-2',
        'BOOKMARK Table empty end',
      ]
    },
  },
]

function withWarning([head, ...rest]) {
  return [`${head} warning=299 - "v1 ComponentStatus is deprecated in v1.19+"`, ...rest]
}
