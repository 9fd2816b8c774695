import './styles/mantine.ts'
import './styles/page.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { replaceEarly } from './early/replace-early.ts'
import { setUpTexts } from './i18n/setup.ts'
import { reloadAfterNewBuild } from './reload.ts'

reloadAfterNewBuild()

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')
await setUpTexts()
replaceEarly(root)
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
