// The servers that the same cases run against: real ones in each setting of their gates, and fake-apiserver in each
// profile that claims to be one of them. `recorded` is the folder of tests/streams that holds what such a server said.

/**
 * What sets servers apart.
 *
 * - `watchList`: the gate WatchList is on.
 * - `tables`: a WatchList may be had as Tables.
 * - `validatesFirst`: what a WatchList may not ask is said before in which form it would be answered.
 * - `unknown`: parameters that it passes over, of a server from before WatchList.
 * - `compression`: a WatchList is compressed where the client allows it.
 * - `badListVersion`: the status of a LIST from a resourceVersion that is no number.
 */
export const settings = [
  {
    name: '1.37',
    server: { version: '1.37' },
    profile: '1.37',
    recorded: '1.37',
    dialect: { watchList: true, tables: true, compression: true, badListVersion: 400 },
  },
  {
    name: '1.37, WatchList=false',
    server: { version: '1.37', flags: ['--feature-gates=WatchList=false'] },
    profile: '1.37-watchlist-off',
    recorded: '1.37-watchlist-off',
    dialect: { watchList: false, tables: true, compression: false, badListVersion: 400 },
  },
  {
    name: '1.37, WatchListCompression=false',
    server: { version: '1.37', flags: ['--feature-gates=WatchListCompression=false'] },
    dialect: { watchList: true, tables: true, compression: false, badListVersion: 400 },
  },
  {
    // The newest behaves as older ones do, as far back as it can.
    name: '1.37, emulating 1.34',
    server: { version: '1.37', flags: ['--emulated-version=1.34'] },
    profile: '1.34',
    dialect: { watchList: true, tables: true, compression: false, badListVersion: 400 },
  },
  {
    name: '1.32',
    server: { version: '1.32' },
    profile: '1.32',
    recorded: '1.32',
    dialect: { watchList: true, tables: false, compression: false, badListVersion: 500 },
  },
  {
    name: '1.32, WatchList=false',
    server: { version: '1.32', flags: ['--feature-gates=WatchList=false'] },
    dialect: { watchList: false, tables: true, validatesFirst: true, compression: false, badListVersion: 500 },
  },
  {
    name: '1.32, emulating 1.31',
    server: { version: '1.32', flags: ['--emulated-version=1.31'] },
    dialect: { watchList: false, tables: true, validatesFirst: true, compression: false, badListVersion: 500 },
  },
  // No server of these is built here. What sets them apart from the two above is in the sources of each version: 1.31 negotiates the
  // form of an answer first (endpoints/handlers/get.go), 1.33 refuses a list from no number (storage/interfaces.go).
  {
    name: '1.33',
    profile: '1.33',
    dialect: { watchList: false, tables: true, validatesFirst: true, compression: false, badListVersion: 400 },
  },
  {
    name: '1.31',
    profile: '1.31',
    dialect: { watchList: false, tables: true, compression: false, badListVersion: 500 },
  },
  {
    name: '1.26',
    profile: '1.26',
    dialect: { unknown: ['sendInitialEvents'], tables: true, compression: false, badListVersion: 500 },
  },
  {
    name: '1.18',
    profile: '1.18',
    dialect: {
      unknown: ['sendInitialEvents', 'resourceVersionMatch'],
      tables: true,
      compression: false,
      badListVersion: 500,
    },
  },
]
