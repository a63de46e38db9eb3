// Before the first paint, so that a page in the chosen theme never flashes in the other one. The switch is theme/.
try {
  const theme = localStorage.getItem('kube-watchlist.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Storage is forbidden: the system's wish holds.
}
