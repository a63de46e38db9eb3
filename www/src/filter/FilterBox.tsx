import { useEffect, useRef } from 'react'

interface Props {
  readonly value: string
  readonly onChange: (value: string) => void
}

/** The filter: text, `column:value,value`, `label:selector`. The key `/` comes here from anywhere. */
export function FilterBox({ value, onChange }: Props) {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return
      if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return
      event.preventDefault()
      input.current?.select()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
  return (
    <input
      ref={input}
      type="search"
      className="filter"
      placeholder="Filter: text, status:Pending, label:app=web"
      aria-label="Filter"
      aria-keyshortcuts="/"
      autoComplete="off"
      spellCheck={false}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onChange('')
      }}
    />
  )
}
