// Runs commands for the scripts of this folder and says on screen what runs and how long it takes.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** A command with many files would hide how it ended. */
const LONG = 160

export class CommandError extends Error {
  constructor(command, code, output) {
    super(`${command.length > LONG ? `${command.slice(0, LONG)}…` : command} ended with ${code}`)
    this.name = 'CommandError'
    /** The exit code, or the name of the signal. */
    this.code = code
    this.output = output
  }
}

/**
 * Runs a command without a shell; resolves with its whole output.
 * `echo` passes the output on as it comes, or the lines that match it; else it is shown only when the command fails.
 */
export function run(command, args, { cwd = root, env = {}, echo = false, input } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: merged(env),
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    const chunks = []
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        chunks.push(chunk)
        if (echo === true) process.stdout.write(chunk)
      })
      if (echo instanceof RegExp) {
        createInterface(stream).on('line', (line) => {
          if (echo.test(line)) say(`    ${line.trim()}\n`)
        })
      }
    }
    if (input !== undefined) child.stdin.end(input)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const output = Buffer.concat(chunks).toString('utf8')
      if (code === 0) resolve(output)
      else reject(new CommandError([command, ...args].join(' '), signal ?? code, output))
    })
  })
}

/** The environment of a child: ours with `changes`; an undefined value takes a variable away. */
function merged(changes) {
  const env = { ...process.env, ...changes }
  for (const [name, value] of Object.entries(changes)) if (value === undefined) delete env[name]
  return env
}

export function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 1 : 0)} s`
}

/** The step whose line waits for its end. */
let unfinished

/** Writes lines of their own, also while a step's line is not finished. */
export function say(text) {
  process.stdout.write(unfinished === undefined ? text : `\n${text}`)
  unfinished = undefined
}

/** Runs `work` under a line that says what it does and, when done, how long it took. */
export async function step(title, work) {
  const started = performance.now()
  say(`  ${title} …`)
  unfinished = title
  const end = (how) => {
    process.stdout.write(unfinished === title ? ` ${how}\n` : `  ${title}: ${how}\n`)
    unfinished = undefined
  }
  try {
    const result = await work()
    end(seconds(performance.now() - started))
    return result
  } catch (error) {
    end('failed')
    if (error instanceof CommandError) process.stdout.write(error.output)
    throw error
  }
}
