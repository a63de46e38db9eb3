import { createClient } from './node_modules/kube-watchlist/dist/index.js'
import { show } from './show.js'

show(createClient)
