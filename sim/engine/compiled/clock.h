/* What is still to come, the earliest first; of what comes at the same moment, what was put there first (`sim/clock.py`). */
#ifndef CLOCK_H
#define CLOCK_H

#include <stddef.h>

#include "agent.h"

/* What happens to an agent; ARRIVES: tasks come, to nobody; SENDS, HAS_ANSWER: to a user. */
enum { ASKS, IS_ANSWERED, BREAKS, TRIES_AGAIN, GIVES_UP, CATCHES_UP, ENDS, TEAM_ENDS, STAGE_ENDS, ARRIVES, SENDS, HAS_ANSWER, KINDS = 16 };

typedef struct {
    double at_s;
    u64 order; /* and the kind, in its last four bits */
    void *who;
} Event;

/* Agents whose calls wait for a slot of a backend. */
typedef struct {
    Agent *first, *last;
} Line;

struct Clock {
    double now_s;
    Event *heap; /* each of four below one */
    i64 count, room;
    u64 put;
    Line *lines;               /* by backend */
    double (*full_at)[LIMITS]; /* when a bucket will be full again */
    User *users;
    const Job *jobs; /* that are still to come */
    i64 job_count, more_to_come;
    i64 most_told; /* tasks, before somebody has to take them */
};

/* Begin to bring an agent's lines of the cache, up to its random numbers: whoever it is. */
static inline void fetch(const void *who)
{
    for (size_t at = 0; at < offsetof(Agent, page); at += 64)
        __builtin_prefetch((const void *)((uintptr_t)who + at));
}

/* It happens at a moment. Nothing does, where there is no memory. */
void put(Engine *engine, double at_s, i64 kind, void *who);

/* Tasks come: the next of its jobs, and all that come together with it (`Source._arrivals`). */
void arrive(Engine *engine, const World *world);

/* Until nothing is left to do, or the run ends, or it is not known when the next task comes, or there is much to tell: whether that. */
i64 turn_clock(Engine *engine, const World *world);

#endif
