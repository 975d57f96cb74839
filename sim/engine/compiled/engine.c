/* What Python calls. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
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
    clear(engine);
    sums_free(engine->sums);
    free(engine->arena);
    free(engine->in_service);
    free(engine->paths);
    free(engine->path_places);
    free(engine->outlasting);
    free(engine);
}

/* `adds_up`: what its rows come to, too. */
EXPORTED Engine *engine_new(i64 backends, i64 stages, i64 adds_up)
{
    Engine *engine = calloc(1, sizeof(Engine));
    if (!engine)
        return NULL;
    engine->in_service = calloc((size_t)backends, sizeof(i64));
    engine->sums = adds_up ? sums_new(backends, stages) : NULL;
    if (engine->in_service && (engine->sums || !adds_up))
        return engine;
    engine_free(engine);
    return NULL;
}

/* A task from its arrival to its end; `chats`: it is the matched chat. */
EXPORTED void engine_live(Engine *engine, const World *world, u64 number, double now_s, double effort, i64 chats, Lived *lived)
{
    clear(engine);
    i64 first_wait = open_books(engine);
    engine->arrived_s = now_s;
    Task task = {.id = number, .effort = effort, .backend = -1, .thinks_until_s = now_s};
    Agent root;
    i64 leads = world->team.leads && !chats, stages = world->stage_count && !chats;
    i64 role = chats ? CHAT : world->role, path = path_of(engine, -1, 0, 0), state = STUCK;
    memset(&root, 0, sizeof root);
    if (be_born(&root, engine, world, &task, chats ? &world->chat : &world->lead, role, path, 0, 0, now_s))
        state = leads ? lead(&root, -1) : stages ? pipeline(&root) : react(&root);
    *lived = (Lived){.state = state, .t_end_s = root.now_s, .thinking_s = task.thinking_s, .agents = task.agents,
                     .requests = root.requests, .turn = root.turn, .backend = root.backend, .capped = task.capped,
                     .helpers = root.helpers};
    close_books(engine, world, first_wait, state, &lived->spent);
}

/* Tasks in the order in which they come, each with its own luck (`Desk._task`, `SuccessModel.effort`). */
EXPORTED void engine_live_all(Engine *engine, const World *world, Job *jobs, i64 count)
{
    for (Job *job = jobs; job < jobs + count && !engine->beyond && !engine->stopped; job++) {
        double luck[3], sigma = world->effort; /* in the order of `decisions.TASK` */
        Lived lived;
        page(world, TASK, job->number, 0, 0, luck, 3);
        page(world, TRY, job->number, 0, 0, &job->u_score, 1);
        job->u_difficulty = luck[0];
        job->chats = luck[2] < world->chat_share;
        double effort = sigma != 0.0 ? exp(sigma * normal_quantile(luck[0], 0.0, 1.0) - sigma * sigma / 2) : 1.0;
        engine_live(engine, world, job->number, job->t_arrive_s, effort, job->chats, &lived);
        job->state = lived.state, job->t_end_s = lived.t_end_s, job->thinking_s = lived.thinking_s, job->agents = lived.agents;
        job->requests = lived.requests, job->turn = lived.turn, job->backend = lived.backend, job->capped = lived.capped;
        job->spent = lived.spent;
    }
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
