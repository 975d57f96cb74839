/* What calls cost, and what all of them add up to: what the meter does with the rows of others (sim/meter/tally.py, digest.py). */
#ifndef SUMS_H
#define SUMS_H

#include "agent.h"

/* Price a row, and add it to everything, and to what its task has spent. */
void add_row(Engine *engine, const World *world, Row *row, Spent *spent);

/* Sums may go on to grow. */
void carry_all(Engine *engine);

/* A call has been answered, not by its first attempt. */
void call_answered(Engine *engine, const Wait *wait);

/* A call has been given up: the meter is told when its task has ended. */
void call_given_up(Task *task, const Wait *wait);
void tell_given_up(Task *task);

/* The sums of a run; null where there is no memory. */
Sums *sums_new(i64 backends, i64 stages);
void sums_free(Sums *sums);

/* A value more, and a sum that may go on to grow: of any number of values, where it is done every 16,384 of them. */
void add_exactly(Exact *sum, double value);
void carry(Exact *sum);

#endif
