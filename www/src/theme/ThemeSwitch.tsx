import { useState } from 'react'
import { chooseTheme, chosenTheme, type Theme, themes } from './theme'

const names: Record<Theme, string> = { system: 'As the system', light: 'Light', dark: 'Dark' }

/** Drawn, not written: no font has the same three signs everywhere. */
const signs: Record<Theme, string> = {
  system: 'M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12',
  light:
    'M8 5a3 3 0 1 0 0 6a3 3 0 0 0 0-6zM8 1v2M8 13v2M1 8h2M13 8h2M3 3l1.5 1.5M11.5 11.5L13 13M3 13l1.5-1.5M11.5 4.5L13 3',
  dark: 'M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z',
}

/** Three radio buttons: the arrow keys come with them. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState(chosenTheme)
  return (
    <fieldset className="theme">
      <legend className="unseen">Theme</legend>
      {themes.map((name) => (
        <label key={name} title={names[name]}>
          <input
            type="radio"
            name="theme"
            checked={theme === name}
            onChange={() => {
              chooseTheme(name)
              setTheme(name)
            }}
          />
          <svg viewBox="0 0 16 16" aria-hidden="true" data-sign={name}>
            <path d={signs[name]} />
          </svg>
          <span className="unseen">{names[name]}</span>
        </label>
      ))}
    </fieldset>
  )
}
