/** Kafka header of a completed record: offset of the record that it replaces. */
export const completesHeader = 'hookline-completes'

/** Kafka header of a config record: subject that requested the change from admin. */
export const subjectHeader = 'hookline-subject'
