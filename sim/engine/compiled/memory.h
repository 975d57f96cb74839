/* Memory that lasts as long as a task, and what grows over a run. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>

#include "agent.h"

/* Zeroed room that is there until the task has ended; null, and `stopped`, where there is none. */
void *room(Task *task, size_t size);

/* All of it is free again: for other tasks, until the end. */
void clear(Task *task);
void free_blocks(Engine *engine);

/* An array of `size` bytes an entry with room for one more than `count`; null, and `stopped`, where there is none. */
void *grown(Engine *engine, void *array, i64 count, i64 *most, size_t size);

/* The number of a path, a new one where it is not known yet. */
i64 path_of(Engine *engine, i64 parent, i64 wave, i64 index);

/* A row to be written, or null where all is to end. */
Row *next_row(Engine *engine);

/* An attempt that has not ended when the run has. */
void outlasts(Engine *engine, i64 backend, double start_s, double end_s);

#endif
