/** Calls `listener` when the page is looked at again, or may reach the network again. Returns what ends it. */
export function onReturn(listener: () => void): () => void {
  if (typeof document !== 'object') return () => undefined
  const visible = (): void => {
    if (document.visibilityState === 'visible') listener()
  }
  document.addEventListener('visibilitychange', visible)
  addEventListener('online', listener)
  addEventListener('pageshow', listener)
  return () => {
    document.removeEventListener('visibilitychange', visible)
    removeEventListener('online', listener)
    removeEventListener('pageshow', listener)
  }
}
