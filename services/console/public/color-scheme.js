// Before the first paint, so that a dark page does not flash white. A file of its own: the page's policy allows no inline script.
{
  let stored = null
  try {
    stored = localStorage.getItem('mantine-color-scheme-value')
  } catch (_blocked) {
    // Storage is switched off: the system's scheme it is.
  }
  const isDark = stored === 'dark' || (stored !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.setAttribute('data-mantine-color-scheme', isDark ? 'dark' : 'light')
}
