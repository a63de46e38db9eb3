// What servers from before WatchList make of the client's requests: 1.26 knows `resourceVersionMatch`, for lists alone (its
// ValidateListOptions); 1.18 knows neither that nor `sendInitialEvents`, and passes over what it does not know. The initial state of a
// watch without a version is as old as watches are; nothing marks its end.
import { forbidden, get, initial, invalid, pods, watch, watchList } from './requests.mjs'

const forWatch = forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch')
const withoutVersion = forbidden(
  'resourceVersionMatch',
  'resourceVersionMatch is forbidden unless resourceVersion is provided',
)
const state = initial('Table', ['web-0', 'web-1', 'web-2'], 9).slice(0, -1)

/** An answer where the parameter is refused, another where it is passed over. */
const refusedOr =
  (passedOver, ...causes) =>
  ({ unknown }) =>
    unknown.includes('resourceVersionMatch') ? passedOver : invalid(...causes)

export const before = [
  {
    name: 'before-watchlist',
    request: watchList(pods),
    expect: refusedOr(state, forWatch, withoutVersion),
  },
  {
    name: 'before-watchlist-from-zero',
    request: watchList(pods, { resourceVersion: 0 }),
    expect: refusedOr(state, forWatch),
  },
  {
    name: 'before-watchlist-without-match',
    request: watch(pods, { sendInitialEvents: true, allowWatchBookmarks: true }),
    expect: () => state,
  },
  {
    name: 'before-list-with-initial',
    request: get(pods, { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }),
    options: { bookmarks: true },
    atLeast: true,
    expect: refusedOr(['HTTP 200'], withoutVersion),
  },
]
