import type { TableWatch, WatchStatus } from 'kube-watchlist'
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react'

/** The status of a watch, as a value that React follows. */
export function useStatus(watch: TableWatch): WatchStatus {
  const subscribe = useCallback(
    (listener: () => void) => {
      watch.addEventListener('status', listener)
      return () => watch.removeEventListener('status', listener)
    },
    [watch],
  )
  return useSyncExternalStore(subscribe, () => watch.status)
}

/** The time, each second while `ticking`; ages are computed from it when they are shown. */
export function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!ticking) return
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [ticking])
  // A time that was read before the last change of the status would give ages below zero.
  return ticking ? Math.max(now, Date.now()) : Date.now()
}

/** How many bytes the last whole snapshot was, remembered while later attempts count anew. */
export function useSnapshotBytes(status: WatchStatus): number {
  const measured = useRef({ snapshot: '', bytes: 0 })
  const snapshot = JSON.stringify([status.syncDurationMs, status.lastSnapshot])
  if (status.lastSnapshot !== undefined && snapshot !== measured.current.snapshot) {
    measured.current = { snapshot, bytes: status.progress.bytes }
  }
  return measured.current.bytes
}
