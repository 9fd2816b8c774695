// Runs before the first paint, so that a dark page does not flash white. The page's policy allows no inline script.
{
  let stored = null
  try {
    stored = localStorage.getItem('mantine-color-scheme-value')
  } catch (_blocked) {
    // Storage is switched off, so the system's scheme applies.
  }
  const isDark = stored === 'dark' || (stored !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.setAttribute('data-mantine-color-scheme', isDark ? 'dark' : 'light')
}
