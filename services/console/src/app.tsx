import { createTheme, MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { useState } from 'react'
import { BrowserRouter } from 'react-router'
import { isPassing } from './api/problem.ts'
import { SessionProvider } from './api/session.tsx'
import { Pages } from './pages.tsx'

/**
 * Mantine's style tags at run time (variables, global classes, scroll lock) are switched off: with its CSS files alone the page
 * needs no exception in the policy `style-src 'self'`.
 */
const theme = createTheme({
  components: {
    // By name, not by Modal.extend(): the first page shows none of them and need not carry them.
    Modal: { defaultProps: { lockScroll: false } },
    Drawer: { defaultProps: { lockScroll: false } },
    // Fields side by side stay level, however long their help is.
    InputWrapper: { defaultProps: { inputWrapperOrder: ['label', 'input', 'description', 'error'] } },
  },
})

const longestRetries = 2

export function App() {
  const [queries] = useState(
    () =>
      new QueryClient({
        defaultOptions: {
          queries: {
            // Changes are told by the server (api/changes.ts): coming back to a page shows at once what is known.
            staleTime: 15_000,
            retry: (failures, error) => isPassing(error) && failures < longestRetries,
            refetchOnWindowFocus: false,
          },
        },
      }),
  )
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={queries}>
        <SessionProvider>
          <Notifications position="bottom-center" />
          <BrowserRouter>
            <Pages />
          </BrowserRouter>
        </SessionProvider>
      </QueryClientProvider>
    </MantineProvider>
  )
}
