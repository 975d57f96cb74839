/* A lead and its workers: `sim/agents/orchestrator.py` and `handover.py`. */
#include <string.h>

#include "agent.h"
#include "heap.h"
#include "luck.h"
#include "memory.h"

/* Branches beyond those of any team. */
static const i64 A_SUBSTITUTE = 1 << 21, LATER_WAVES = 1 << 22;

static i64 least(i64 one, i64 other)
{
    return other < one ? other : one;
}

/* What the `part`-th of so many gets of turns that are dealt out (`handover.deal`). */
static i64 dealt(i64 turns, i64 parts, i64 under_each, i64 part)
{
    i64 each = turns / (parts * under_each), rest = turns % (parts * under_each);
    i64 more = rest - part * under_each;
    return each * under_each + least(more > 0 ? more : 0, under_each);
}

/* How many waves of `by` turns so many fill, to the nearest. */
static i64 filled(double turns, double by)
{
    return (i64)(turns / by + 0.5);
}

/* Of each message: how many of its turns others do, into `less`; `by` above 0: in whole waves of so many (`handover.handed_over`). */
static void hand_over(const i64 *turns, i64 messages, double share, i64 after, double by, i64 *less)
{
    i64 begin = 0, most = 0;
    for (i64 message = 0; message < messages; message++) {
        i64 kept = after + 1 - begin;
        less[message] = turns[message] - least(turns[message], kept > 1 ? kept : 1);
        begin += turns[message];
        most += less[message];
    }
    i64 total = least((i64)(share * (double)begin + 0.5), most);
    if (by > 0.0)
        total = least((i64)((double)filled((double)total, by) * by + 0.5), most);
    i64 up_to = 0, given = 0;
    for (i64 message = 0; message < messages; message++) {
        up_to += less[message];
        i64 now = total ? total * up_to / most : 0;
        less[message] = now - given;
        given = now;
    }
}

static i64 sum(const i64 *numbers, i64 count)
{
    i64 total = 0;
    for (i64 at = 0; at < count; at++)
        total += numbers[at];
    return total;
}

/* Turns of the job that the workers of a task divide (`orchestrator._job`). */
static i64 whole_job(Agent *lead)
{
    double u;
    page(lead->world, TASK, lead->task->id, 0, 1, &u, 1);
    return whole(lead->engine, lead->world, lead->world->worker.turns, u, 1);
}

int make_plan(Agent *lead, i64 job, Plan *plan)
{
    Engine *engine = lead->engine;
    const World *world = lead->world;
    const Team *team = &world->team;
    i64 messages = lead->requests;
    i64 *turns = room(engine, (size_t)messages * sizeof(i64)), *less = room(engine, (size_t)messages * sizeof(i64));
    if (!turns || !less)
        return 0;
    double said[PAGE];
    for (i64 message = 0; message < messages; message++) {
        i64 place = (message - 1) % ROWS;
        if (message && !place)
            page(world, MESSAGE, lead->task->id, lead->branch, (u64)((message - 1) / ROWS), said, PAGE);
        turns[message] = turns_of(lead, message ? said[place * COLUMNS] : lead->page[FIRST_MESSAGE]);
    }
    *plan = (Plan){.less = less, .unit = world->backends[lead->backend].turn_multiplier * lead->task->effort};
    double by = team->turns_per_wave ? (double)team->turns_per_wave * plan->unit : 0.0;
    if (team->delegated_share != 0.0)
        hand_over(turns, messages, team->delegated_share, team->spawn_after_turn, by, less);
    i64 given = sum(less, messages), left = sum(turns, messages) - given, waves;
    if (team->turns_per_wave)
        waves = filled((double)given, by);
    else {
        double u;
        page(world, TEAM, lead->task->id, lead->branch, 0, &u, 1);
        waves = whole(engine, world, team->waves, u, 1);
    }
    /* `handover.wave_turns` */
    i64 after = team->spawn_after_turn, rest = left - after;
    plan->count = left < after ? 0 : least(waves, rest > 1 ? rest : 1);
    plan->after = room(engine, (size_t)(plan->count + 1) * sizeof(i64));
    plan->jobs = room(engine, (size_t)(plan->count + 1) * sizeof(i64));
    plan->crew = team->resumed_share != 0.0 ? room(engine, sizeof(Crew)) : NULL;
    if (!plan->after || !plan->jobs || (team->resumed_share != 0.0 && !plan->crew))
        return 0;
    i64 shared = 0;
    if (team->divide && plan->count)
        shared = team->delegated_share != 0.0 ? given : job < 0 ? whole_job(lead) : job;
    for (i64 wave = 0; wave < plan->count; wave++) {
        plan->after[wave] = after + wave * rest / plan->count;
        plan->jobs[wave] = team->divide ? dealt(shared, plan->count, 1, wave) : -1;
    }
    return 1;
}

/* A power of whole numbers; what is more than any job's turns is all the same. */
static i64 raised(i64 base, i64 exponent)
{
    i64 found = 1;
    while (exponent-- > 0 && found < 1ll << 40)
        found *= base;
    return least(found, 1ll << 40);
}

/* A worker that starts at `now_s`: fresh, with its lead's context, or where another has ended (`orchestrator._sub_agent`). */
static int worker_of(Agent *worker, Agent *lead, i64 path, u64 branch, const Finished *before, double now_s)
{
    const World *world = lead->world;
    i64 leaf = lead->depth + 1 == world->team.depth;
    const Profile *profile = leaf ? &world->worker : &world->lead;
    if (!be_born(worker, lead->engine, world, lead->task, profile, leaf ? WORKER : LEAD, path, branch, lead->depth + 1, now_s))
        return 0;
    const Kept *kept = NULL;
    if (before) {
        worker->context = before->context + worker->first_tokens - profile->system_tokens;
        worker->opening_turns = 0;
        worker->resumed = 1;
        kept = before->kept;
    } else if (world->team.inherit_context) {
        worker->first_tokens += lead->context;
        worker->context += lead->context;
        kept = lead->kept;
    }
    if (kept)
        memcpy(worker->kept, kept, (size_t)world->backend_count * sizeof(Kept));
    return 1;
}

/* Its loop, or that of a lead one level below; `share`: its turns of a job that is divided, below 0: none (`Team._life`). */
static int live(Agent *worker, const Wave *wave, i64 share)
{
    const Team *team = &worker->world->team;
    i64 leaf = worker->depth == team->depth, delegated = team->delegated_share != 0.0;
    if (share < 0 || !(leaf || delegated))
        return leaf ? react(worker) : lead(worker, share);
    i64 warmup = worker->resumed ? 0 : team->warmup_turns;
    worker->turns = (double)(share + warmup);
    if (!(share + warmup)) {
        worker->idle = 1;
        return COMPLETED;
    }
    if (delegated) {
        worker->requests = 1;
        worker->turns = (double)share + (double)warmup * wave->unit;
        worker->turns_scale = 1 / wave->unit;
    }
    return leaf ? react(worker) : lead(worker, -1);
}

/* A worker has reported: it counts, or those who have reported to it (`Agent.helped_by`). */
static int helped(Agent *lead, const Agent *worker)
{
    i64 backends = lead->world->backend_count;
    if (!lead->helpers && !(lead->helpers = room(lead->engine, (size_t)backends * sizeof(i64))))
        return 0;
    if (!worker->helpers)
        lead->helpers[worker->backend]++;
    else
        for (i64 backend = 0; backend < backends; backend++)
            lead->helpers[backend] += worker->helpers[backend];
    return 1;
}

/* Room in a crew for so many places. */
static int widen(Engine *engine, Crew *crew, i64 size)
{
    if (size <= crew->count)
        return 1;
    Finished *places = room(engine, (size_t)size * sizeof(Finished));
    if (!places)
        return 0;
    if (crew->count)
        memcpy(places, crew->places, (size_t)crew->count * sizeof(Finished));
    *crew = (Crew){size, places};
    return 1;
}

int live_with_team(Agent *lead, const Wave *wave, Crew *crew)
{
    Engine *engine = lead->engine;
    const World *world = lead->world;
    const Team *team = &world->team;
    double u;
    page(world, TEAM, lead->task->id, lead->branch, (u64)(1 + wave->number), &u, 1);
    i64 size = whole(engine, world, team->fanout, u, 1), seats = team->max_parallel ? team->max_parallel : size;
    i64 job = -1, under_each = 1, levels = team->depth - lead->depth - 1;
    if (team->divide) {
        job = wave->job < 0 ? whole_job(lead) : wave->job;
        under_each = raised(team->led, levels);
    }
    double *ends = size > seats ? room(engine, (size_t)seats * sizeof(double)) : NULL;
    if ((size > seats && !ends) || (crew && !widen(engine, crew, size)))
        return STUCK;
    u64 team_branch = wave->number ? child(lead->branch, LATER_WAVES + wave->number) : lead->branch;
    double last_s = lead->now_s;
    i64 report_tokens = 0, failed = 0, stuck = 0, working = 0;
    for (i64 index = 0; index < size; index++) {
        double now_s = lead->now_s;
        if (index >= seats) {
            if (!working) /* nobody ends any more, so nobody else starts */
                return STUCK;
            now_s = taken(ends, &working);
        }
        u64 branch = child(team_branch, index);
        const Finished *before = NULL;
        if (crew && crew->places[index].there) {
            double luck[2];
            page(world, TEAM, lead->task->id, branch, 0, luck, 2);
            before = luck[1] < team->resumed_share ? &crew->places[index] : NULL;
        }
        i64 path = path_of(engine, lead->path, wave->number, index);
        Agent worker;
        int state;
        for (int again = 0;; again = 1) {
            if (!worker_of(&worker, lead, path, branch, before, now_s))
                return STUCK;
            state = live(&worker, wave, job < 0 ? -1 : dealt(job, size, under_each, index));
            if (engine->stopped || engine->beyond)
                return STUCK;
            if (state != FAILED || again || team->on_worker_failure != SEND_ANOTHER)
                break;
            path = path_of(engine, path, 0, SUBSTITUTE);
            branch = child(branch, A_SUBSTITUTE);
            before = NULL;
            now_s = worker.now_s;
        }
        if (state == STUCK) {
            stuck = 1;
            continue;
        }
        if (state == FAILED)
            failed++;
        else if (!worker.idle) {
            report_tokens += whole(engine, world, team->report_tokens, worker.page[7], 0);
            if (team->counts_helpers && !helped(lead, &worker))
                return STUCK;
            if (crew)
                crew->places[index] = (Finished){1, worker.context, worker.kept};
        }
        if (worker.now_s > last_s)
            last_s = worker.now_s;
        if (ends)
            put(ends, &working, worker.now_s);
    }
    if (stuck)
        return STUCK;
    lead->now_s = last_s;
    lead->context += report_tokens;
    return failed && team->on_worker_failure == FAIL ? FAILED : COMPLETED;
}
