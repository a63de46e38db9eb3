import { useCallback, useSyncExternalStore } from 'react'
import { type Address, formatAddress, isStep, parseAddress } from './address'

let current = parseAddress(location.hash)
const listeners = new Set<() => void>()

function read(): void {
  current = parseAddress(location.hash)
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) addEventListener('popstate', read)
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) removeEventListener('popstate', read)
  }
}

/** The address, and a function that changes parts of it. */
export function useAddress(): [Address, (change: Partial<Address>) => void] {
  const address = useSyncExternalStore(subscribe, () => current)
  const go = useCallback((change: Partial<Address>) => {
    const next = { ...current, ...change }
    const url = formatAddress(next)
    if (isStep(current, next)) history.pushState(null, '', url)
    else history.replaceState(null, '', url)
    read()
  }, [])
  return [address, go]
}
