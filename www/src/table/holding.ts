// The order of the table holds still while somebody is at one of its rows, or a menu lies over it.
import type { View } from 'kube-watchlist'
import { type RefObject, useEffect, useState, useSyncExternalStore } from 'react'

let openMenus = 0
const listeners = new Set<() => void>()

function count(change: number): void {
  openMenus += change
  for (const listener of [...listeners]) listener()
}

/** To be called by every menu that lies over the table. */
export function useMenuHolds(open: boolean): void {
  useEffect(() => {
    if (!open) return
    count(1)
    return () => count(-1)
  }, [open])
}

export function useMenuIsOpen(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => openMenus > 0,
  )
}

/** Whether an element itself has the focus. */
export function useHasFocus(element: RefObject<HTMLElement | null>, present: boolean): boolean {
  const [has, set] = useState(false)
  useEffect(() => {
    const observed = element.current
    if (!present || !observed) return
    const look = () => set(document.activeElement === observed)
    look()
    const leave = () => set(false)
    observed.addEventListener('focusin', look)
    observed.addEventListener('focusout', leave)
    return () => {
      observed.removeEventListener('focusin', look)
      observed.removeEventListener('focusout', leave)
      set(false)
    }
  }, [element, present])
  return has
}

/** Holds the order while `wanted`. Returns what lets the moves that wait take place, after which it holds on. */
export function useHold(view: View, wanted: boolean, pending: number): () => void {
  const [applying, setApplying] = useState(false)
  useEffect(() => {
    if (!wanted || applying) return
    view.hold()
    return () => view.release()
  }, [view, wanted, applying])
  useEffect(() => {
    if (pending === 0) setApplying(false)
  }, [pending])
  return () => setApplying(pending > 0)
}
