/**
 * Where the module lies unless the caller says otherwise. Bundlers look for exactly this expression, written exactly so, and once:
 * it is the only one in the package. It runs when a client first needs the module, never on import.
 */
export function beside(): URL {
  return new URL('./kube_watchlist_bg.wasm', import.meta.url)
}
