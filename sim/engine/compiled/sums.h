/* What calls cost, and what all of them add up to: what the meter does with the rows of others (sim/meter/tally.py, digest.py). */
#ifndef SUMS_H
#define SUMS_H

#include "model.h"

/* Price the rows that have come since, and add them to everything. */
void add_up(Engine *engine, const World *world);

/* A task begins: nothing is spent. Returns how many calls have waited so far. */
i64 open_books(Engine *engine);

/* It has ended, or it is stuck: then the calls that it gave up are not told to the meter, which waits for its end. */
void close_books(Engine *engine, const World *world, i64 first_wait, i64 state, Spent *spent);

/* A call has been answered or given up after attempts that failed: how long it waited to try again, and for what broke. */
void waited(Engine *engine, double backoff_s, double broken_s, i64 given_up);

/* The sums of a run; null where there is no memory. */
Sums *sums_new(i64 backends, i64 stages);
void sums_free(Sums *sums);

/* A value more, and a sum that may go on to grow: of any number of values, where it is done every 16,384 of them. */
void add_exactly(Exact *sum, double value);
void carry(Exact *sum);

#endif
