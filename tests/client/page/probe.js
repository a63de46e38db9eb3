// Before anything else in the page: counts live timers, and notes what nobody caught.
{
  const timers = new Map()
  const {
    setTimeout: later,
    clearTimeout: cancel,
    requestAnimationFrame: frame,
    cancelAnimationFrame: cancelFrame,
  } = window
  const note = (kind, id) => timers.set(`${kind} ${id}`, new Error().stack)
  const forget = (kind, id) => timers.delete(`${kind} ${id}`)

  window.setTimeout = (call, delay, ...args) => {
    const id = later(() => {
      forget('timeout', id)
      call(...args)
    }, delay)
    note('timeout', id)
    return id
  }
  window.clearTimeout = (id) => {
    forget('timeout', id)
    cancel(id)
  }
  window.requestAnimationFrame = (call) => {
    const id = frame((time) => {
      forget('frame', id)
      call(time)
    })
    note('frame', id)
    return id
  }
  window.cancelAnimationFrame = (id) => {
    forget('frame', id)
    cancelFrame(id)
  }
  // The package has no use for it: whoever begins to use it has to be counted.
  window.setInterval = () => {
    throw new Error('setInterval is not counted')
  }

  const uncaught = []
  addEventListener('unhandledrejection', (event) =>
    uncaught.push(`unhandled rejection: ${event.reason?.stack ?? event.reason}`),
  )
  addEventListener('error', (event) => uncaught.push(`error: ${event.error?.stack ?? event.message}`))

  window.probe = {
    /** Where each timer and frame request was begun that is still to come. */
    timers: () => [...timers.values()],
    /** What nobody caught. */
    uncaught,
    /** Timers of the tests, which are not counted. */
    sleep: (delay) => new Promise((resolve) => later(resolve, delay)),
    frame: () => new Promise((resolve) => frame(resolve)),
  }
}
