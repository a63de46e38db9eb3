/** Traces of Chromium: which tasks the main thread of a page ran, and how long each held the CPU. */

/** What a trace needs to tell tasks and their CPU time; little enough not to slow them. */
export const TASKS = ['toplevel', 'blink.user_timing', '__metadata']

/** And what ran in them. */
const DETAILED = [
  ...TASKS,
  'devtools.timeline',
  'v8',
  'v8.execute',
  'v8.wasm',
  'disabled-by-default-v8.wasm.detailed',
  'disabled-by-default-v8.wasm.turbofan',
]

/** Names of events in which V8 collects garbage or compiles the module: not ours to slice. Each is shown with what it took. */
const ENGINE = /^(MinorGC|MajorGC|V8\.GC|BlinkGC|v8\.wasm\.|V8\.Wasm|wasm\.)/

/** Names of events in which scripts and wasm run. What is in none of them (copying bytes of the network, painting) is the browser's. */
const SCRIPT =
  /^(FunctionCall|EvaluateScript|RunMicrotasks|V8\.RunMicrotasks|v8\.(callFunction|run|produceCache|evaluateModule))$/

/** Runs `work` under a trace and returns its events. */
export async function traced(browser, work, includedCategories = DETAILED) {
  const session = await browser.newBrowserCDPSession()
  const traceConfig = { includedCategories, traceBufferSizeInKb: 400_000 }
  await session.send('Tracing.start', { transferMode: 'ReturnAsStream', traceConfig })
  await work()
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve))
  await session.send('Tracing.end')
  const { stream, dataLossOccurred } = await complete
  if (dataLossOccurred) throw new Error('the trace has holes')
  const parts = []
  for (;;) {
    const part = await session.send('IO.read', { handle: stream, size: 1 << 22 })
    parts.push(Buffer.from(part.data, part.base64Encoded ? 'base64' : 'utf8'))
    if (part.eof) break
  }
  await session.send('IO.close', { handle: stream })
  await session.detach()
  return JSON.parse(Buffer.concat(parts).toString()).traceEvents
}

/**
 * The tasks of the page's main thread between the marks `NAME start` and `NAME end`, the longest first:
 * `{ cpu, engine, ours, within }`, in milliseconds of CPU: `ours` is what scripts and wasm took in the task, without `engine`, which is
 * garbage collection and compilation by their names in the trace; `within` says what ran in it.
 */
export function tasks(events, name) {
  const mark = (which) =>
    events.find((event) => event.cat?.includes('blink.user_timing') && event.name === `${name} ${which}`)
  const [start, end] = [mark('start'), mark('end')]
  if (!start || !end) throw new Error(`the trace lacks the marks of ${name}`)
  const ofThread = events.filter((event) => event.ph === 'X' && event.pid === start.pid && event.tid === start.tid)
  const isTask = (event) => event.name.endsWith('RunTask')
  const found = ofThread.filter((event) => isTask(event) && event.ts + event.dur > start.ts && event.ts < end.ts)
  // Those that are too short to be timed have none.
  if (found.some((event) => event.tdur === undefined && event.dur > 1_000))
    throw new Error('the trace holds no CPU times')
  const parts = ofThread.filter((event) => !isTask(event)).sort((a, b) => a.ts - b.ts || b.dur - a.dur)
  return found
    .map((task) => {
      // Those that cannot be too long need no explanation.
      const within =
        cpu(task) < EXPLAINED
          ? []
          : parts.filter((event) => event.ts >= task.ts && event.ts + event.dur <= task.ts + task.dur)
      const scripts = outermost(within.filter((event) => SCRIPT.test(event.name)))
      const collections = outermost(within.filter((event) => ENGINE.test(event.name)))
      const inScripts = collections.filter((event) =>
        scripts.some((script) => event.ts >= script.ts && event.ts < script.ts + script.dur),
      )
      const engine = total(inScripts)
      // Of a task that is not looked into, all is ours.
      const ours = cpu(task) < EXPLAINED ? cpu(task) : total(scripts) - engine
      return { cpu: cpu(task), engine, ours, within: `${posted(task)}: ${summary(within)}` }
    })
    .sort((a, b) => b.ours - a.ours)
}

/** Tasks that took less CPU than so many milliseconds are only counted. */
const EXPLAINED = 4

const posted = ({ args }) =>
  `posted by ${args?.src_func ?? 'nobody'} of ${args?.src_file?.split('/').pop() ?? 'no file'}`

/** No thread takes more CPU than time passes, but on virtual machines its clock is caught up in jumps of some 15 ms. */
const cpu = (event) => Math.min(event.tdur ?? event.dur, event.dur) / 1000

const total = (events) => events.reduce((sum, event) => sum + cpu(event), 0)

/** Those that lie in no other: collection nests. `events` are in order of their start. */
function outermost(events) {
  let until = -1
  return events.filter((event) => {
    if (event.ts < until) return false
    until = event.ts + event.dur
    return true
  })
}

function summary(events) {
  const longest = [...events].sort((a, b) => cpu(b) - cpu(a)).slice(0, 8)
  return longest.map((event) => `${event.name}${place(event)} ${cpu(event).toFixed(1)}`).join(', ')
}

function place({ args }) {
  const data = args?.data
  const name = data?.functionName || data?.type
  return name ? ` (${name})` : ''
}
