import { useEffect, useRef } from 'react'
import { become, cause, churns, type FaultInForce, mend, profiles, type Trouble, troubles } from './faults'
import { useChurn } from './use-faults'

interface Props {
  readonly id: string
  readonly faults: readonly FaultInForce[]
  /** The faults may have changed. */
  readonly onChange: () => void
  /** The version that the server plays. */
  readonly profile: string
  readonly onProfile: (profile: string) => void
  readonly onClose: () => void
}

/** Breaks the fake API server while the page runs. It stands beside the status, to see what that makes of it. */
export function FaultMenu({ id, faults, onChange, profile, onProfile, onClose }: Props) {
  const [churn, chooseChurn] = useChurn()
  const first = useRef<HTMLButtonElement>(null)
  useEffect(() => first.current?.focus(), [])
  const inForce = (trouble: Trouble) => faults.find((fault) => fault.kind === trouble.fault?.kind)
  const broken = troubles.filter(inForce).map((trouble) => trouble.name)
  const others = faults.length > broken.length ? ['something else'] : []

  const toggle = (trouble: Trouble) => {
    const fault = inForce(trouble)
    void (fault ? mend(fault) : cause(trouble)).then(onChange)
  }
  return (
    <aside
      id={id}
      className="dock"
      aria-label="Break the server"
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose()
      }}
    >
      <ul className="troubles">
        {troubles.map((trouble, index) => (
          <li key={trouble.name}>
            <button
              ref={index === 0 ? first : undefined}
              type="button"
              className="trouble"
              aria-pressed={trouble.fault && inForce(trouble) !== undefined}
              onClick={() => toggle(trouble)}
            >
              {trouble.name}
              <small>{trouble.hint}</small>
            </button>
          </li>
        ))}
      </ul>
      <div className="dock-row">
        <p role="status">
          {faults.length === 0 ? 'Nothing is broken' : `Broken: ${[...broken, ...others].join(', ')}`}
        </p>
        <button
          type="button"
          className="button"
          disabled={faults.length === 0}
          onClick={() => void mend().then(onChange)}
        >
          Mend
        </button>
      </div>
      <div className="dock-row">
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
      <div className="dock-row">
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
    </aside>
  )
}
