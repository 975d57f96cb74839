/* Moments in a heap, the earliest first: when agents end, so that others may start. */
#ifndef HEAP_H
#define HEAP_H

#include "model.h"

static inline void put(double *heap, i64 *count, double moment)
{
    i64 at = (*count)++;
    while (at && heap[(at - 1) / 2] > moment) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = moment;
}

static inline double taken(double *heap, i64 *count)
{
    double first = heap[0], last = heap[--*count];
    i64 at = 0;
    for (;;) {
        i64 next = 2 * at + 1;
        if (next + 1 < *count && heap[next + 1] < heap[next])
            next++;
        if (next >= *count || heap[next] >= last)
            break;
        heap[at] = heap[next];
        at = next;
    }
    heap[at] = last;
    return first;
}

#endif
