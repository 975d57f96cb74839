/* What Python calls. */
#include <math.h>
#include <stdlib.h>

#include "agent.h"
#include "clock.h"
#include "luck.h"
#include "memory.h"
#include "sums.h"

/* All other names stay inside: some of them are the C library's too. */
#define EXPORTED __attribute__((visibility("default")))

#ifndef SOURCES
#define SOURCES "unknown"
#endif

/* Of the sources that this was built from: `build.py`. */
EXPORTED const char *engine_sources(void)
{
    return SOURCES;
}

/* Bytes of what both sides read, for whoever holds their layout to Python's. */
EXPORTED void engine_sizes(i64 sizes[6])
{
    sizes[0] = sizeof(World), sizes[1] = sizeof(Engine), sizes[2] = sizeof(Lived), sizes[3] = sizeof(Row), sizes[4] = sizeof(Sums);
    sizes[5] = sizeof(Job);
}

EXPORTED void engine_free(Engine *engine)
{
    while (engine->first)
        drop(engine->first);
    free_blocks(engine);
    if (engine->clock) {
        free(engine->clock->heap);
        free(engine->clock->lines);
        free(engine->clock->full_at);
        free(engine->clock->users);
    }
    free(engine->clock);
    sums_free(engine->sums);
    free(engine->in_service);
    free(engine->in_line);
    free(engine->told);
    free(engine->paths);
    free(engine->path_places);
    free(engine->outlasting);
    free(engine);
}

/* `adds_up`: what its rows come to, too. `on_clock`: calls may meet one another, so they go by its clock. */
EXPORTED Engine *engine_new(i64 backends, i64 stages, i64 adds_up, i64 on_clock)
{
    Engine *engine = calloc(1, sizeof(Engine));
    if (!engine)
        return NULL;
    engine->on_clock = on_clock;
    engine->in_service = calloc((size_t)backends, sizeof(i64));
    engine->in_line = calloc((size_t)backends, sizeof(i64));
    engine->clock = calloc(1, sizeof(Clock));
    Clock *clock = engine->clock;
    if (clock) {
        clock->lines = calloc((size_t)backends, sizeof(Line));
        clock->full_at = malloc((size_t)backends * sizeof *clock->full_at);
        clock->most_told = INT64_MAX;
    }
    for (i64 at = 0; clock && clock->full_at && at < backends * LIMITS; at++)
        clock->full_at[at / LIMITS][at % LIMITS] = -INFINITY;
    engine->sums = adds_up ? sums_new(backends, stages) : NULL;
    if (engine->in_service && engine->in_line && clock && clock->lines && clock->full_at && (engine->sums || !adds_up))
        return engine;
    engine_free(engine);
    return NULL;
}

/* A task by itself, from its arrival to its end. It stays until the next one comes. */
static Task *live_task(Engine *engine, const World *world, const Job *job)
{
    Clock *clock = engine->clock;
    if (engine->first)
        drop(engine->first);
    clock->count = 0;
    clock->now_s = engine->arrived_s = job->t_arrive_s;
    Task *task = begun(engine, world, job, NULL);
    turn_clock(engine, world);
    return task;
}

/* One task; what may be asked of it stays until the next one comes. */
EXPORTED void engine_live(Engine *engine, const World *world, u64 number, double now_s, Lived *lived)
{
    const Task *task = live_task(engine, world, &(Job){.number = number, .t_arrive_s = now_s});
    if (task)
        *lived = (Lived){task->job, task->root ? task->root->helpers : NULL};
}

/* Tasks in the order in which they come. */
EXPORTED void engine_live_all(Engine *engine, const World *world, Job *jobs, i64 count)
{
    for (Job *job = jobs; job < jobs + count && !engine->beyond && !engine->stopped; job++) {
        const Task *task = live_task(engine, world, job);
        if (task)
            *job = task->job;
    }
}

/* Users, of these numbers, begin with a gap. */
EXPORTED void engine_users(Engine *engine, const World *world, const i64 *numbers, i64 count)
{
    User *users = engine->clock->users = calloc((size_t)count + 1, sizeof(User));
    engine->stopped |= !users;
    for (i64 at = 0; users && at < count; at++) {
        users[at].number = numbers[at];
        leave_off(engine, world, &users[at]);
    }
}

/* Tasks come in this order; with `more` of them to come the clock stops at the last. */
EXPORTED void engine_arrivals(Engine *engine, const World *world, const Job *jobs, i64 count, i64 more)
{
    Clock *clock = engine->clock;
    clock->jobs = jobs, clock->job_count = count, clock->more_to_come = more;
    if (count && jobs->follows)
        arrive(engine, world);
    else if (count)
        put(engine, jobs->t_arrive_s, ARRIVES, NULL);
}

/* The clock turns until so many tasks have ended, and more may: 1, or nothing is left to do: 0. */
EXPORTED i64 engine_turn(Engine *engine, const World *world, i64 most_told)
{
    engine->clock->most_told = most_told;
    return turn_clock(engine, world);
}

/* The run is over: tasks that have not ended. */
EXPORTED void engine_left(Engine *engine)
{
    for (const Task *task = engine->first; task; task = task->after)
        tell(task);
}

/* For those who hold single functions to Python's. */
EXPORTED void engine_page(const World *world, i64 purpose, u64 task, u64 branch, u64 number, double *out, i64 count)
{
    page(world, purpose, task, branch, number, out, (int)count);
}

EXPORTED void engine_add(Exact *sum, double value)
{
    add_exactly(sum, value);
    carry(sum);
}

EXPORTED double engine_draw(const World *world, i64 law, double u)
{
    return draw(world, law, u);
}
