-- Whoever waits for a thread to come to rest asks whether there is still something to be sent for it.
create index saga_outbox_thread on ops.saga_outbox (correlation_id);
