/* A lead and its workers: `sim/agents/orchestrator.py` and `handover.py`. */
#include <string.h>

#include "agent.h"
#include "clock.h"
#include "luck.h"
#include "memory.h"

/* Branches beyond those of any team. */
static const i64 A_SUBSTITUTE = 1 << 21, LATER_WAVES = 1 << 22;

static i64 least(i64 one, i64 other)
{
    return other < one ? other : one;
}

/* The workers of one wave of one lead, as many at a time as may run: `sim.agents.orchestrator.Team`. */
struct Team {
    Agent *lead;
    Wave wave;
    Crew *crew;
    u64 branch;
    i64 job, under_each; /* turns that are dealt out, below 0: none; and among how many under each worker */
    i64 size, next, left, room;
    i64 sending, report_tokens, failed;
};

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
    page(lead->world, TASK, lead->task->job.number, 0, 1, &u, 1);
    return whole(lead->engine, lead->world, lead->world->worker.turns, u, 1);
}

/* After which turns the waves of a lead start, where there may be several, and what they share out. */
static int make_plan(Agent *lead, i64 job, Plan *plan)
{
    Engine *engine = lead->engine;
    const World *world = lead->world;
    const Teams *team = &world->team;
    i64 messages = lead->requests;
    i64 *turns = room(lead->task, (size_t)messages * sizeof(i64)), *less = room(lead->task, (size_t)messages * sizeof(i64));
    if (!turns || !less)
        return 0;
    double said[PAGE];
    for (i64 message = 0; message < messages; message++) {
        i64 place = (message - 1) % ROWS;
        if (message && !place)
            page(world, MESSAGE, lead->task->job.number, lead->branch, (u64)((message - 1) / ROWS), said, PAGE);
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
        page(world, TEAM, lead->task->job.number, lead->branch, 0, &u, 1);
        waves = whole(engine, world, team->waves, u, 1);
    }
    /* `handover.wave_turns` */
    i64 after = team->spawn_after_turn, rest = left - after;
    plan->count = left < after ? 0 : least(waves, rest > 1 ? rest : 1);
    plan->after = room(lead->task, (size_t)(plan->count + 1) * sizeof(i64));
    plan->jobs = room(lead->task, (size_t)(plan->count + 1) * sizeof(i64));
    plan->crew = team->resumed_share != 0.0 ? room(lead->task, sizeof(Crew)) : NULL;
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

const Plan *planned(Agent *lead, i64 job)
{
    const Teams *team = &lead->world->team;
    Plan *plan = room(lead->task, sizeof(Plan));
    i64 *one = team->planned ? NULL : room(lead->task, 2 * sizeof(i64));
    if (!plan || (!one && !team->planned))
        return NULL;
    if (!one)
        return make_plan(lead, job, plan) ? plan : NULL;
    one[0] = team->spawn_after_turn, one[1] = job;
    *plan = (Plan){.count = 1, .after = one, .jobs = one + 1};
    return plan;
}

/* A power of whole numbers; what is more than any job's turns is all the same. */
static i64 raised(i64 base, i64 exponent)
{
    i64 found = 1;
    while (exponent-- > 0 && found < 1ll << 40)
        found *= base;
    return least(found, 1ll << 40);
}

/* A worker that starts now: fresh, with its lead's context, or where another has ended (`orchestrator._sub_agent`). */
static Agent *worker_of(Team *team, i64 path, u64 branch, const Finished *before)
{
    Agent *lead = team->lead;
    const World *world = lead->world;
    i64 leaf = lead->depth + 1 == world->team.depth;
    const Profile *profile = leaf ? &world->worker : &world->lead;
    Agent *worker = born(lead->task, profile, leaf ? WORKER : LEAD, path, branch, lead->depth + 1, lead->engine->clock->now_s);
    if (!worker)
        return NULL;
    worker->team = team;
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
    return worker;
}

/* Its loop, or that of a lead one level below, with its share of a job that is divided (`Team._life`). */
static void live(Team *team, i64 index, Agent *worker)
{
    const Teams *settings = &worker->world->team;
    i64 leaf = worker->depth == settings->depth, delegated = settings->delegated_share != 0.0, job = -1;
    worker->place = index;
    if (team->job >= 0) {
        i64 share = dealt(team->job, team->size, team->under_each, index), warmup = worker->resumed ? 0 : settings->warmup_turns;
        if (!(leaf || delegated))
            job = share;
        else {
            worker->turns = (double)(share + warmup);
            worker->idle = !(share + warmup);
        }
        if (delegated && !worker->idle) {
            worker->requests = 1;
            worker->turns = (double)share + (double)warmup * team->wave.unit;
            worker->turns_scale = 1 / team->wave.unit;
        }
    }
    if (worker->idle)
        end(worker, COMPLETED);
    else if (leaf)
        react(worker);
    else
        lead(worker, job);
}

/* Who has had a place before, and goes on there; null: a fresh one. */
static const Finished *who_resumes(const Team *team, i64 index, u64 branch)
{
    const Agent *lead = team->lead;
    double luck[2];
    if (!team->crew || !team->crew->places[index].there)
        return NULL;
    page(lead->world, TEAM, lead->task->job.number, branch, 0, luck, 2);
    return luck[1] < lead->world->team.resumed_share ? &team->crew->places[index] : NULL;
}

/* Send out workers as long as more may run; one without a share of the job has ended before the next is sent out. */
static void send_more(Team *team)
{
    Agent *lead = team->lead;
    Engine *engine = lead->engine;
    team->sending = 1;
    while (team->room && team->next < team->size && !engine->stopped && !engine->beyond) {
        i64 index = team->next++;
        u64 branch = child(team->branch, index);
        Agent *worker = worker_of(team, path_of(engine, lead->path, team->wave.number, index), branch, who_resumes(team, index, branch));
        if (!worker)
            return;
        team->room--;
        live(team, index, worker);
    }
    team->sending = 0;
    if (!team->left)
        put(engine, engine->clock->now_s, TEAM_ENDS, lead);
}

/* Room in a crew for so many places. */
static int widen(Task *task, Crew *crew, i64 size)
{
    if (size <= crew->count)
        return 1;
    Finished *places = room(task, (size_t)size * sizeof(Finished));
    if (!places)
        return 0;
    if (crew->count)
        memcpy(places, crew->places, (size_t)crew->count * sizeof(Finished));
    *crew = (Crew){size, places};
    return 1;
}

void send_out(Agent *lead, i64 wave)
{
    Engine *engine = lead->engine;
    const World *world = lead->world;
    const Teams *settings = &world->team;
    const Plan *plan = lead->plan;
    Team *team = room(lead->task, sizeof(Team));
    double u;
    page(world, TEAM, lead->task->job.number, lead->branch, (u64)(1 + wave), &u, 1);
    i64 size = whole(engine, world, settings->fanout, u, 1);
    if (!team || (plan->crew && !widen(lead->task, plan->crew, size)))
        return;
    *team = (Team){.lead = lead, .wave = {wave, plan->jobs[wave], plan->unit}, .crew = plan->crew, .job = -1, .under_each = 1,
                   .size = size, .left = size, .room = settings->max_parallel ? settings->max_parallel : size};
    if (settings->divide) {
        team->job = team->wave.job < 0 ? whole_job(lead) : team->wave.job;
        team->under_each = raised(settings->led, settings->depth - lead->depth - 1);
    }
    team->branch = wave ? child(lead->branch, LATER_WAVES + wave) : lead->branch;
    lead->sent_out = team;
    send_more(team);
}

i64 read_reports(Agent *lead)
{
    lead->context += lead->sent_out->report_tokens;
    return lead->sent_out->failed && lead->world->team.on_worker_failure == FAIL ? FAILED : COMPLETED;
}

/* A worker has reported: it counts, or those who have reported to it (`Agent.helped_by`). */
static int helped(Agent *lead, const Agent *worker)
{
    i64 backends = lead->world->backend_count;
    if (!lead->helpers && !(lead->helpers = room(lead->task, (size_t)backends * sizeof(i64))))
        return 0;
    if (!worker->helpers)
        lead->helpers[worker->backend]++;
    else
        for (i64 backend = 0; backend < backends; backend++)
            lead->helpers[backend] += worker->helpers[backend];
    return 1;
}

/* It keeps its place for the next wave: its context, and what of it is cached. */
static int remember(Crew *crew, const Agent *worker)
{
    size_t size = (size_t)worker->world->backend_count * sizeof(Kept);
    Finished *place = &crew->places[worker->place];
    if (!place->kept && !(place->kept = room(worker->task, size)))
        return 0;
    place->there = 1, place->context = worker->context;
    memcpy(place->kept, worker->kept, size);
    return 1;
}

/* Another in its place, with random numbers of its own. */
static void substitute(Team *team, const Agent *worker)
{
    Agent *other = worker_of(team, path_of(worker->engine, worker->path, 0, SUBSTITUTE), child(worker->branch, A_SUBSTITUTE), NULL);
    if (!other)
        return;
    other->substitute = 1;
    live(team, worker->place, other);
}

void worker_over(Agent *worker)
{
    Team *team = worker->team;
    Agent *lead = team->lead;
    const Teams *settings = &worker->world->team;
    if (worker->answer == COMPLETED && !worker->idle) {
        team->report_tokens += whole(worker->engine, worker->world, settings->report_tokens, worker->page[7], 0);
        if ((settings->counts_helpers && !helped(lead, worker)) || (team->crew && !remember(team->crew, worker)))
            return;
    } else if (worker->answer == FAILED && settings->on_worker_failure == SEND_ANOTHER && !worker->substitute) {
        substitute(team, worker);
        forget(worker);
        return;
    } else if (worker->answer == FAILED)
        team->failed++;
    forget(worker);
    team->room++;
    team->left--;
    if (!team->sending)
        send_more(team);
}
