import { useEffect, useRef, useState } from 'react'
import { ask } from '../connection/use-connection'
import { become, cause, churns, mend, profiles, setChurn, troubles } from './faults'

interface Props {
  /** The version that the server plays. */
  readonly profile: string
  readonly onProfile: (profile: string) => void
}

/** Breaks the fake API server while the page runs, to see what the status makes of it. */
export function FaultMenu({ profile, onProfile }: Props) {
  const [open, setOpen] = useState(false)
  const [active, setActive] = useState<string>()
  const [churn, chooseChurn] = useChurn(open)
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)

  useEffect(() => {
    if (!open) return
    const close = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false)
    }
    document.addEventListener('pointerdown', close)
    return () => document.removeEventListener('pointerdown', close)
  }, [open])

  // Faults outlive a reload of the page; the menu says so.
  useEffect(() => {
    const end = new AbortController()
    void ask('/_fake/faults', end.signal).then((faults) => {
      if (Array.isArray(faults) && faults.length > 0) setActive('Some faults')
    })
    return () => end.abort()
  }, [])

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes from anywhere within
    <div
      className="picker"
      ref={root}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !open) return
        setOpen(false)
        button.current?.focus()
      }}
    >
      <button
        ref={button}
        type="button"
        className="picker-button"
        data-active={active !== undefined || undefined}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        Break it <span className="picker-mark">▾</span>
      </button>
      {open && (
        <div className="picker-panel menu-panel" role="group" aria-label="Break the server">
          <ul className="menu-list">
            {troubles.map((trouble) => (
              <li key={trouble.name}>
                <button
                  type="button"
                  className="menu-item"
                  onClick={() => {
                    setActive(trouble.faults.length > 0 ? trouble.name : active)
                    void cause(trouble)
                  }}
                >
                  {trouble.name}
                  <small>{trouble.hint}</small>
                </button>
              </li>
            ))}
          </ul>
          <div className="menu-row">
            <span>{active ?? 'Nothing'} broken</span>
            <button
              type="button"
              className="button"
              onClick={() => {
                setActive(undefined)
                void mend()
              }}
            >
              Mend
            </button>
          </div>
          <div className="menu-row">
            <label htmlFor="profile">Kubernetes version</label>
            <select
              id="profile"
              value={profile}
              onChange={(event) => {
                onProfile(event.target.value)
                void become(event.target.value)
              }}
            >
              {[...new Set([...profiles, profile])].map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </div>
          <div className="menu-row">
            <label htmlFor="churn">Writes a second</label>
            <select
              id="churn"
              value={churn ?? ''}
              disabled={churn === undefined}
              onChange={(event) => chooseChurn(Number(event.target.value))}
            >
              {churn === undefined && <option />}
              {[...new Set([...churns, ...(churn === undefined ? [] : [churn])])]
                .sort((a, b) => a - b)
                .map((perSecond) => (
                  <option key={perSecond}>{perSecond}</option>
                ))}
            </select>
          </div>
        </div>
      )}
    </div>
  )
}

/** Writes a second, as the server has it whenever the menu opens; `undefined` while it has not said. */
function useChurn(open: boolean): [number | undefined, (perSecond: number) => void] {
  const [churn, set] = useState<number>()
  useEffect(() => {
    if (!open) return
    const end = new AbortController()
    void ask('/_fake/churn', end.signal).then((answer) => {
      if (!end.signal.aborted && typeof answer?.perSecond === 'number') set(answer.perSecond)
    })
    return () => end.abort()
  }, [open])
  const choose = (perSecond: number) => {
    set(perSecond)
    void setChurn(perSecond)
  }
  return [churn, choose]
}
