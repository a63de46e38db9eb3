// Reads how many tests ran from what test runners print. A suite that ran none is a failure, not a success.
import { stripVTControlCharacters } from 'node:util'

/** `{ passed, failed, skipped }` summed over every closing line of cargo test, wasm-bindgen-test and node:test. */
export function counts(output) {
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const line of stripVTControlCharacters(output).split('\n')) {
    const rust = /^test result: \S+\. (\d+) passed; (\d+) failed; (\d+) ignored/.exec(line)
    if (rust) {
      total.passed += Number(rust[1])
      total.failed += Number(rust[2])
      total.skipped += Number(rust[3])
      continue
    }
    const node = /^(?:ℹ|#) (pass|fail|cancelled|skipped|todo) (\d+)$/.exec(line.trim())
    if (node) {
      const key = { pass: 'passed', fail: 'failed', cancelled: 'failed', skipped: 'skipped', todo: 'skipped' }[node[1]]
      total[key] += Number(node[2])
    }
  }
  return total
}

/** The names of tests that failed, as the same runners print them: each once, in their order. */
export function failures(output) {
  const names = new Set()
  for (const line of stripVTControlCharacters(output).split('\n')) {
    const found = /^test (\S.*) \.\.\. FAILED$/.exec(line) ?? /^\s*✖ (.+) \([\d.]+ms\)$/.exec(line)
    if (found) names.add(found[1])
  }
  return [...names]
}
