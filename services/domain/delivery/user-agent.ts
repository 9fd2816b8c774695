/** The user-agent header of every request to a webhook (contract.md, section 3). The dispatcher sends it, admin shows it. */
export const userAgent = 'Hookline/0.1'
