export default { optimizeDeps: { exclude: ['kube-watchlist'] } }
