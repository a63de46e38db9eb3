import { createClient } from 'kube-watchlist'

const client = createClient({ baseUrl: '/k8s' })
const pods = client.watchTable({ version: 'v1', resource: 'pods', namespaces: ['shop'] })
const view = pods.view({ columns: 'wide', sort: [{ column: 'Name' }] })
view.setWindow(0, 100)

pods.addEventListener('status', ({ detail }) => {
  document.querySelector('#phase').textContent =
    detail.error === undefined ? detail.phase : `${detail.phase}: ${detail.error.message}`
})
view.subscribe(() => {
  const { columns, rows } = view.getSnapshot()
  document.querySelector('thead').replaceChildren(
    line(
      'th',
      columns.map(({ name }) => name),
    ),
  )
  document.querySelector('tbody').replaceChildren(...rows.map((row) => line('td', row?.cells ?? [])))
})

function line(tag, texts) {
  const row = document.createElement('tr')
  for (const text of texts) row.appendChild(document.createElement(tag)).textContent = String(text)
  return row
}
