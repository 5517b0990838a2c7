/** What was set against invoices and on which day, for reports that ask how things stood on a day of business. */
export const SETTLED = `
  (select x."invoiceId" as invoice_id, p.received_on as on_day, (x.amount ->> 'minor')::bigint as amount
   from payments p cross join lateral jsonb_to_recordset(p.allocations) as x("invoiceId" text, amount jsonb))`;
