import { createClient } from 'kube-watchlist'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './App'
import './styles/base.css'
import './styles/bar.css'
import './styles/status.css'
import './styles/object.css'
import './styles/table.css'
import './styles/tools.css'

const client = createClient({ baseUrl: '/' })
const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App client={client} />
    </StrictMode>,
  )
}
