/* Random numbers and what they become. */
#ifndef LUCK_H
#define LUCK_H

#include "model.h"

/* `count` uniforms from the start of a page (`Streams.page`). */
void page(const World *world, i64 purpose, u64 task, u64 branch, u64 number, double *out, int count);

/* The branch of an agent's `index`-th child (`sim.sampling.streams.child`). */
u64 child(u64 branch, i64 index);

/* The quantile of the normal distribution, as Python's `statistics` has it (Wichura's AS 241). */
double normal_quantile(double u, double mean, double sd);

/* A law's value at u (`Distribution.quantile`). */
double draw(const World *world, i64 law, double u);

/* The same as a whole number of at least `low` (`sim.sampling.distributions.whole`). */
i64 whole(Engine *engine, const World *world, i64 law, double u, i64 low);

/* A number without its fraction; one that is too large for exact arithmetic is `beyond`. */
i64 cut(Engine *engine, double number);

#endif
