/**
 * Resolves in a later task, after whatever waits already: input, painting, bytes from the network.
 *
 * A message channel, not `setTimeout` (which a nested use makes wait 4 ms, and a hidden page a second) and not `scheduler.yield`,
 * whose continuations go before the very tasks that bring the bytes: a stream would starve while its rows are sorted.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    // Node: an open port would keep the process alive for ever.
    if (typeof setImmediate === 'function') {
      setImmediate(resolve)
      return
    }
    waiting.push(resolve)
    channel ??= open()
    channel.port2.postMessage(undefined)
  })
}

const waiting: (() => void)[] = []
let channel: MessageChannel | undefined

function open(): MessageChannel {
  const opened = new MessageChannel()
  opened.port1.onmessage = () => waiting.shift()?.()
  return opened
}
