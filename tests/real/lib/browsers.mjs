// The three browsers, each by its own WebDriver, and one page in it.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Builder } from 'selenium-webdriver'
import chrome from 'selenium-webdriver/chrome.js'
import firefox from 'selenium-webdriver/firefox.js'
import { tool } from '../../../scripts/tools.mjs'

/** How long a browser may take to start, and a script in its page to answer. */
const patience = 60_000

/** Starts each; resolves to `{ driver, end }`. */
const launchers = {
  async Chromium() {
    const options = new chrome.Options()
    options.setChromeBinaryPath(await tool('chromium'))
    options.addArguments('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-background-networking')
    options.setAcceptInsecureCerts(true)
    const service = new chrome.ServiceBuilder(await tool('chromedriver'))
    return ended(await new Builder().forBrowser('chrome').setChromeOptions(options).setChromeService(service).build())
  },

  async Firefox() {
    const options = new firefox.Options()
    options.setBinary(await tool('firefox'))
    options.addArguments('-headless')
    options.setAcceptInsecureCerts(true)
    const service = new firefox.ServiceBuilder(await tool('geckodriver'))
    return ended(
      await new Builder().forBrowser('firefox').setFirefoxOptions(options).setFirefoxService(service).build(),
    )
  },

  // There is no headless mode, and no Builder that knows its driver.
  async WebKitGTK() {
    const binary = await tool('MiniBrowser')
    const screen = await display()
    const home = await mkdtemp(join(tmpdir(), 'kube-watchlist-webkit-'))
    const port = await freePort()
    const service = spawn(await tool('WebKitWebDriver'), [`--port=${port}`, '--host=127.0.0.1'], {
      stdio: 'ignore',
      env: {
        ...process.env,
        DISPLAY: screen.name,
        HOME: home,
        XDG_CACHE_HOME: join(home, 'cache'),
        XDG_DATA_HOME: join(home, 'data'),
        XDG_CONFIG_HOME: join(home, 'config'),
        WAYLAND_DISPLAY: '',
        GDK_BACKEND: 'x11',
        LIBGL_ALWAYS_SOFTWARE: '1',
        GIO_USE_VFS: 'local',
        GSETTINGS_BACKEND: 'memory',
      },
    })
    const gone = new Promise((resolve) => service.once('exit', resolve))
    const end = async () => {
      service.kill()
      await gone
      await screen.end()
      await rm(home, { recursive: true, force: true, maxRetries: 5 })
    }
    const url = `http://127.0.0.1:${port}`
    try {
      await answers(`${url}/status`)
      const driver = await new Builder()
        .usingServer(url)
        .withCapabilities({
          browserName: 'MiniBrowser',
          acceptInsecureCerts: true,
          'webkitgtk:browserOptions': { binary, args: ['--automation'] },
        })
        .build()
      return ended(driver, end)
    } catch (error) {
      await end()
      throw error
    }
  },
}

export const browsers = Object.keys(launchers)

/**
 * How a stream of each ends for the page when the server's process dies, by the way there (facts.test.mjs proves it): with an
 * error, as if it were whole, or not at all.
 */
export const cuts = {
  Chromium: { proxy: 'TypeError', direct: 'TypeError' },
  Firefox: { proxy: 'TypeError', direct: 'TypeError' },
  WebKitGTK: { proxy: 'done', direct: 'open' },
}

/**
 * Starts a browser. Resolves to `{ version, open, text, goto, call, end }`; `call(name, ...args)` calls a function of the page's `recorded`.
 */
export async function launch(name) {
  const { driver, end } = await launchers[name]()
  await driver.manage().setTimeouts({ script: patience, pageLoad: patience })
  const capabilities = await driver.getCapabilities()
  return {
    version: capabilities.get('browserVersion'),
    /** Opens another page: of the demo. */
    open: (url) => within(driver.get(url), url),
    /** What is to be read in the page. */
    text: () => driver.executeScript('return document.body.innerText'),
    /** Opens the page and waits until the package is there. */
    async goto(url) {
      await within(driver.get(url), url)
      await driver.wait(async () => (await driver.getTitle()) === 'ready', patience, 'the page did not become ready')
    },
    call: (name, ...args) =>
      within(
        driver.executeScript('return window.recorded[arguments[0]](...Array.from(arguments).slice(1))', name, ...args),
        name,
      ),
    end,
  }
}

function ended(driver, more) {
  return {
    driver,
    async end() {
      // What does not end by itself ends with its driver.
      await within(driver.quit(), 'the end of the browser').catch((error) => {
        if (!more) throw error
      })
      await more?.()
    },
  }
}

/** A WebDriver that hangs is a finding, not a suite that hangs. */
async function within(promise, what, milliseconds = patience) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the WebDriver does not answer: ${what}`)), milliseconds)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** A screen that nobody sees. The server picks a free number and tells it. */
async function display() {
  const child = spawn(await tool('Xvfb'), ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  const number = await Promise.race([
    new Promise((resolve) => child.stdio[3].once('data', (bytes) => resolve(String(bytes).trim()))),
    gone,
  ])
  if (typeof number !== 'string') throw new Error(`Xvfb ended with ${number}`)
  return {
    name: `:${number}`,
    end: () => {
      child.kill()
      return gone
    },
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

async function answers(url) {
  const deadline = performance.now() + patience
  for (;;) {
    const response = await fetch(url).catch(() => undefined)
    if (response?.ok) return
    if (performance.now() > deadline) throw new Error('the WebDriver of WebKitGTK does not answer')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
