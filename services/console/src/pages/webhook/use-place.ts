import { useParams } from 'react-router'

/** Business and webhook in the page's address. */
export function usePlace(): { businessId: string; id: string } {
  const { businessId = '', id = '' } = useParams()
  return { businessId, id }
}
