import { useCallback, useEffect, useState } from 'react'
import { ask } from '../connection/use-connection'
import { type FaultInForce, faultsInForce, setChurn } from './faults'

/**
 * The faults in force, as the server has them: they outlive a reload, and some end by themselves. Asked for once, and
 * once a second while they are looked at or there are some; never of a server that has none (`fake` is false). The
 * function asks at once.
 */
export function useFaults(fake: boolean, looked: boolean): [readonly FaultInForce[], () => void] {
  const [faults, setFaults] = useState<readonly FaultInForce[]>([])
  const [turn, setTurn] = useState(0)
  const watched = looked || faults.length > 0
  // biome-ignore lint/correctness/useExhaustiveDependencies: another turn asks again
  useEffect(() => {
    if (!fake) return
    const end = new AbortController()
    const read = () =>
      faultsInForce(end.signal).then((found) => {
        if (found && !end.signal.aborted)
          setFaults((before) => (JSON.stringify(before) === JSON.stringify(found) ? before : found))
      })
    void read()
    const timer = watched ? setInterval(read, 1000) : undefined
    return () => {
      end.abort()
      clearInterval(timer)
    }
  }, [fake, watched, turn])
  return [faults, useCallback(() => setTurn((before) => before + 1), [])]
}

/** Writes a second, as the server has it when the menu opens; `undefined` while it has not said. */
export function useChurn(): [number | undefined, (perSecond: number) => void] {
  const [churn, set] = useState<number>()
  useEffect(() => {
    const end = new AbortController()
    void ask('/_fake/churn', end.signal).then((answer) => {
      if (!end.signal.aborted && typeof answer?.perSecond === 'number') set(answer.perSecond)
    })
    return () => end.abort()
  }, [])
  const choose = (perSecond: number) => {
    set(perSecond)
    void setChurn(perSecond)
  }
  return [churn, choose]
}
