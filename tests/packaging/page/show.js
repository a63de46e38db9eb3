/** The whole of an app: pods by name, and what the status says. */
export function show(createClient) {
  const pods = createClient({ baseUrl: '/k8s' }).watchTable({ version: 'v1', resource: 'pods' })
  const view = pods.view({ columns: 'wide', sort: [{ column: 'Name' }] })
  view.setWindow(0, 100)

  pods.addEventListener('status', ({ detail }) => {
    document.querySelector('#phase').textContent =
      detail.error === undefined ? detail.phase : [detail.phase, detail.error.code, detail.error.message].join(': ')
  })
  view.subscribe(() => {
    const { columns, rows } = view.getSnapshot()
    const names = columns.map(({ name }) => name)
    document.querySelector('thead').replaceChildren(line('th', names))
    document.querySelector('tbody').replaceChildren(...rows.map((row) => line('td', row?.cells ?? [])))
  })
}

function line(tag, texts) {
  const row = document.createElement('tr')
  for (const text of texts) row.appendChild(document.createElement(tag)).textContent = String(text)
  return row
}
