import { Table, UnstyledButton } from '@mantine/core'
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react'
import type { PropsWithChildren } from 'react'
import classes from './table.module.css'

/** A heading that sorts the rows. */
type SortableColumn = { label: string; sorted: 'ascending' | 'descending' | null; onSort: () => void }

type Props = PropsWithChildren<{ label: string; columns: (string | SortableColumn)[] }>

/** Table whose children are rows. On a phone each cell's data-label replaces the column headings. */
export function DataTable({ label, columns, children }: Props) {
  return (
    <div className={classes.frame}>
      <Table className={classes.table} aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) =>
              typeof column === 'string' ? (
                <Table.Th key={column}>{column}</Table.Th>
              ) : (
                <SortableHeading key={column.label} {...column} />
              ),
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </div>
  )
}

function SortableHeading({ label, sorted, onSort }: SortableColumn) {
  const Arrow = sorted === 'ascending' ? IconArrowUp : IconArrowDown
  return (
    <Table.Th aria-sort={sorted ?? 'none'}>
      <UnstyledButton className={classes.sort} onClick={onSort}>
        {label}
        {sorted !== null && <Arrow size={14} aria-hidden />}
      </UnstyledButton>
    </Table.Th>
  )
}
