import { Table } from '@mantine/core'
import type { PropsWithChildren } from 'react'
import classes from './table.module.css'

type Props = PropsWithChildren<{ label: string; columns: string[] }>

/** Table whose children are rows. On a phone each cell's data-label replaces the column headings. */
export function DataTable({ label, columns, children }: Props) {
  return (
    <div className={classes.frame}>
      <Table className={classes.table} aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Table.Th key={column}>{column}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </div>
  )
}
