/* A task: it comes, its root agent begins, it has ended (`sim/engine/desk.py`). */
#include <math.h>
#include <stdlib.h>

#include "agent.h"
#include "clock.h"
#include "luck.h"
#include "memory.h"
#include "sums.h"

/* Its luck (`Desk._task`, `SuccessModel.effort`). */
static double effort_of(const World *world, Job *job)
{
    double luck[3], sigma = world->effort; /* in the order of `decisions.TASK` */
    page(world, TASK, job->number, 0, 0, luck, 3);
    page(world, TRY, job->number, 0, 0, &job->u_score, 1);
    job->u_difficulty = luck[0];
    job->chats = luck[2] < world->chat_share;
    return sigma != 0.0 ? exp(sigma * normal_quantile(luck[0], 0.0, 1.0) - sigma * sigma / 2) : 1.0;
}

/* The last of those that are there, in the order in which they came. */
static void join(Engine *engine, Task *task)
{
    task->before = engine->last;
    if (engine->last)
        engine->last->after = task;
    else
        engine->first = task;
    engine->last = task;
}

static void leave(Engine *engine, Task *task)
{
    if (task->before)
        task->before->after = task->after;
    else
        engine->first = task->after;
    if (task->after)
        task->after->before = task->before;
    else
        engine->last = task->before;
}

Task *begun(Engine *engine, const World *world, const Job *job, User *user)
{
    Task *task = calloc(1, sizeof(Task));
    if (!task) {
        engine->stopped = 1;
        return NULL;
    }
    *task = (Task){.engine = engine, .world = world, .backend = -1, .thinks_until_s = job->t_arrive_s};
    task->user = user;
    task->job.number = job->number, task->job.t_arrive_s = job->t_arrive_s, task->job.user = user ? user->number : 0;
    task->effort = effort_of(world, &task->job);
    join(engine, task);
    i64 chats = task->job.chats, path = path_of(engine, -1, 0, 0);
    const Profile *profile = chats ? &world->chat : &world->lead;
    Agent *root = task->root = born(task, profile, chats ? CHAT : world->role, path, 0, 0, job->t_arrive_s);
    if (!root)
        return task;
    task->job.requests = root->requests;
    if (chats || !(world->stage_count || world->team.leads))
        react(root);
    else if (world->stage_count)
        pipeline(root);
    else
        lead(root, -1);
    return task;
}

void task_over(Task *task, i64 state)
{
    const Agent *root = task->root;
    Job *job = &task->job;
    job->state = state, job->t_end_s = root->now_s, job->turn = root->turn, job->backend = root->backend;
    tell_given_up(task);
    if (!task->engine->on_clock)
        return;
    if (task->user)
        put(task->engine, job->t_end_s, HAS_ANSWER, task->user);
    tell(task);
    drop(task);
}

/* One person: a gap, a session, a gap, a session (`Source._user`). */
void leave_off(Engine *engine, const World *world, User *user)
{
    double u;
    if (user->session == world->sessions)
        return;
    page(world, ARRIVAL, (u64)user->number, 1, (u64)user->session, &u, 1);
    double now_s = engine->clock->now_s, gap_s = draw(world, world->session_gap_s, u);
    put(engine, engine->after ? engine->after(now_s, gap_s) : now_s + gap_s, SENDS, user);
}

void send_task(Engine *engine, const World *world, User *user)
{
    Job job = {.number = (u64)(user->session++ * world->users + user->number), .t_arrive_s = engine->clock->now_s};
    begun(engine, world, &job, user);
}

void tell(const Task *task)
{
    Engine *engine = task->engine;
    Job *told = grown(engine, engine->told, engine->told_count, &engine->told_room, sizeof(Job));
    if (!told)
        return;
    engine->told = told;
    told[engine->told_count++] = task->job;
}

void drop(Task *task)
{
    leave(task->engine, task);
    clear(task);
    free(task->given_up);
    free(task);
}
