import { expect, test } from 'vitest'
import { findNeighbours } from '../../../services/console/src/pages/notification/neighbours.ts'

const newestFirst = [
  { id: '5', contactId: 'ana' },
  { id: '4', contactId: 'bea' },
  { id: '3', contactId: 'ana' },
  { id: '2', contactId: 'ana' },
]
const idsOf = (id: string, contactId: string, isSearch: boolean) => {
  const { previous, next, needsMore } = findNeighbours(newestFirst, { id, contactId }, isSearch)
  return [previous?.id, next?.id, needsMore]
}

test.each([
  ['5', 'ana', true, [undefined, '4', false]],
  ['3', 'ana', true, ['4', '2', false]],
  ['2', 'ana', true, ['3', undefined, true]],
  ['5', 'ana', false, ['3', undefined, false]],
  ['3', 'ana', false, ['2', '5', false]],
  ['2', 'ana', false, [undefined, '3', true]],
  ['4', 'bea', false, [undefined, undefined, true]],
  ['9', 'ana', true, [undefined, undefined, true]],
])('notification %s of %s has its neighbours in the order of its list (search: %s)', (id, contactId, isSearch, ids) => {
  expect(idsOf(id, contactId, isSearch)).toEqual(ids)
})
