/* Stages one after another: `sim/agents/pipeline.py`. */
#include "agent.h"
#include "clock.h"
#include "luck.h"
#include "memory.h"

/* Branches of teams lie beyond those of their agents, and of tries. */
static const i64 FIRST_TEAM = 1 << 22;

/* Something that was found, for later stages. */
typedef struct {
    u64 branch;
    i64 told_tokens;
} Item;

/* What a stage hands on. */
typedef struct {
    Item *items;
    i64 count, most;
} Found;

/* Those who work together in a stage: on one item, or all of them. */
typedef struct {
    u64 branch;
    i64 path, size, read_tokens;
    double u_passes;
} Crowd;

/* Of an agent of a stage that ended well. */
typedef struct {
    i64 there, crowd;
    u64 branch;
    double u_report;
} Report;

/* One stage after another at work: `Pipeline` and its `Shift`. */
struct Shift {
    Agent *root;
    Found *found;             /* by stage */
    i64 started, stopped;     /* agents of the task so far; whether it has come to a cap at which it stops */
    i64 nobody;               /* a stage of which no agent ended well */
    i64 stage;                /* that is at work */
    Crowd *crowds;
    i64 count;
    Report *reports;          /* by seat */
    i64 seats, room, at_work, next, next_crowd, next_index;
};

/* One more item; 0 where there is no memory. */
static int add(Task *task, Found *found, u64 branch, i64 told_tokens)
{
    if (found->count == found->most) {
        i64 most = found->most ? 2 * found->most : 16;
        Item *items = room(task, (size_t)most * sizeof(Item));
        if (!items)
            return 0;
        for (i64 at = 0; at < found->count; at++)
            items[at] = found->items[at];
        found->items = items, found->most = most;
    }
    found->items[found->count++] = (Item){branch, told_tokens};
    return 1;
}

/* Who is to work in a stage (`Pipeline.teams`); 0 where there is no memory. */
static int gather(Shift *shift)
{
    Agent *root = shift->root;
    const World *world = root->world;
    const Stage *stage = &world->stages[shift->stage];
    i64 read = 0, path = path_of(root->engine, root->path, STAGE_OF, shift->stage);
    for (i64 other = 0; other < stage->reads_count; other++) {
        const Found *found = &shift->found[world->parts[stage->reads + other]];
        for (i64 at = 0; at < found->count; at++)
            read += found->items[at].told_tokens;
    }
    const Found *given = stage->each < 0 ? NULL : &shift->found[stage->each];
    shift->count = given ? given->count : 1;
    shift->crowds = room(root->task, (size_t)(shift->count + 1) * sizeof(Crowd));
    if (!shift->crowds)
        return 0;
    for (i64 number = 0; number < shift->count; number++) {
        double luck[2]; /* in the order of `decisions.GROUP` */
        u64 branch = child(given ? given->items[number].branch : root->branch, FIRST_TEAM + shift->stage);
        page(world, STAGE, root->task->job.number, branch, 0, luck, 2);
        shift->crowds[number] = (Crowd){
            .branch = branch, .path = given ? path_of(root->engine, path, 0, number) : path,
            .size = whole(root->engine, world, stage->width, luck[0], 1),
            .read_tokens = read + (given ? given->items[number].told_tokens : 0), .u_passes = luck[1]};
    }
    return 1;
}

/* How many agents may start in a stage: those who skip keep one back for each stage to come (`Pipeline.allowed`). */
static i64 allowed(Shift *shift)
{
    const World *world = shift->root->world;
    i64 agents = 0, kept = world->at_cap_stops ? 0 : world->stage_count - 1 - shift->stage;
    for (i64 number = 0; number < shift->count; number++)
        agents += shift->crowds[number].size;
    if (!world->max_agents || agents <= world->max_agents - shift->started - kept)
        return agents;
    shift->root->task->job.capped = 1;
    shift->stopped = world->at_cap_stops;
    return world->max_agents - shift->started - kept;
}

/* An agent takes the next seat. */
static void take_seat(Shift *shift, Agent *agent)
{
    agent->shift = shift;
    agent->place = shift->next++;
    shift->reports[agent->place].crowd = shift->next_crowd;
    shift->room--;
    shift->at_work++;
    shift->started++;
    shift->next_index++;
}

/* The crowd of the next seat: those before it have all of theirs. */
static const Crowd *next_crowd(Shift *shift)
{
    while (shift->next_index >= shift->crowds[shift->next_crowd].size)
        shift->next_crowd++, shift->next_index = 0;
    return &shift->crowds[shift->next_crowd];
}

/* Send out agents as long as more may run. */
static void fill(Shift *shift)
{
    Agent *root = shift->root;
    Engine *engine = root->engine;
    const Stage *stage = &root->world->stages[shift->stage];
    while (shift->room && shift->next < shift->seats && !engine->stopped && !engine->beyond) {
        const Crowd *crowd = next_crowd(shift);
        i64 path = path_of(engine, crowd->path, stage->verifies ? VERIFIES : 0, shift->next_index);
        u64 branch = child(crowd->branch, shift->next_index);
        Agent *agent = born(root->task, &stage->profile, stage->role, path, branch, 1, engine->clock->now_s);
        if (!agent)
            return;
        engine->verifiers += stage->verifies;
        agent->first_tokens += crowd->read_tokens;
        agent->context += crowd->read_tokens;
        take_seat(shift, agent);
        react(agent);
    }
}

/* A stage begins: everybody of it is known. 0 where there is no memory. */
static int open_stage(Shift *shift)
{
    shift->next = shift->next_crowd = shift->next_index = shift->at_work = 0;
    if (!gather(shift))
        return 0;
    i64 most = shift->root->world->team.max_parallel;
    shift->seats = allowed(shift);
    shift->room = most ? most : shift->seats;
    shift->reports = room(shift->root->task, (size_t)(shift->seats > 0 ? shift->seats + 1 : 1) * sizeof(Report));
    return shift->reports != NULL;
}

/* What an agent that ended well has found (`Shift._found`); 0 where there is no memory. */
static int find(Shift *shift, const Report *report)
{
    Agent *root = shift->root;
    const World *world = root->world;
    const Stage *stage = &world->stages[shift->stage];
    double u_items, rows[PAGE];
    page(world, STAGE, root->task->job.number, report->branch, 1, &u_items, 1);
    i64 items = whole(root->engine, world, stage->items, u_items, 0);
    for (i64 index = 0; index < items; index++) {
        if (index % ROWS == 0)
            page(world, STAGE, root->task->job.number, report->branch, (u64)(2 + index / ROWS), rows, PAGE);
        const double *u = rows + index % ROWS * COLUMNS; /* in the order of `decisions.ITEM` */
        if (u[0] < stage->passes && !add(root->task, &shift->found[shift->stage], child(report->branch, index),
                                         whole(root->engine, world, stage->report_tokens, u[1], 0)))
            return 0;
    }
    return 1;
}

/* Each crowd's item, if it passes, with the reports of all who judged it (`Shift._judged`); 0 where there is no memory. */
static int judge(Shift *shift)
{
    Agent *root = shift->root;
    const Stage *stage = &root->world->stages[shift->stage];
    i64 seat = 0;
    for (i64 number = 0; number < shift->count; number++) {
        const Crowd *crowd = &shift->crowds[number];
        i64 reports = 0, told_tokens = 0;
        for (; seat < shift->next && shift->reports[seat].crowd == number; seat++)
            if (shift->reports[seat].there) {
                reports++;
                told_tokens += whole(root->engine, root->world, stage->report_tokens, shift->reports[seat].u_report, 0);
            }
        if (reports && crowd->u_passes < stage->passes && !add(root->task, &shift->found[shift->stage], crowd->branch, told_tokens))
            return 0;
    }
    return 1;
}

/* A stage is over: what it hands on, in the order of its seats; 0 where there is no memory. */
static int close_stage(Shift *shift)
{
    const Stage *stage = &shift->root->world->stages[shift->stage];
    i64 reports = 0;
    for (i64 seat = 0; seat < shift->next; seat++) {
        reports += shift->reports[seat].there;
        if (shift->reports[seat].there && !stage->judges && !find(shift, &shift->reports[seat]))
            return 0;
    }
    shift->nobody |= shift->seats > 0 && !reports;
    return !stage->judges || judge(shift);
}

void stage_over(Agent *root)
{
    Shift *shift = root->shift;
    do {
        if (shift->stopped || !close_stage(shift) || ++shift->stage == root->world->stage_count) {
            root->shift = NULL;
            end(root, shift->stopped || shift->nobody ? FAILED : COMPLETED);
            return;
        }
        if (!open_stage(shift))
            return;
        fill(shift);
    } while (!shift->at_work);
}

void seat_over(Agent *agent)
{
    Shift *shift = agent->shift;
    if (agent->answer == COMPLETED) {
        Report *report = &shift->reports[agent->place];
        report->there = 1, report->branch = agent->branch, report->u_report = agent->page[7];
    }
    shift->room++;
    shift->at_work--;
    fill(shift);
    if (agent != shift->root)
        forget(agent);
    if (shift->at_work)
        return;
    if (agent == shift->root)
        stage_over(agent);
    else
        put(agent->engine, agent->engine->clock->now_s, STAGE_ENDS, shift->root);
}

void pipeline(Agent *root)
{
    Shift *shift = room(root->task, sizeof(Shift));
    Found *found = room(root->task, (size_t)root->world->stage_count * sizeof(Found));
    if (!shift || !found)
        return;
    choose(root); /* before the others of its stage do */
    *shift = (Shift){.root = root, .found = found};
    if (!open_stage(shift))
        return;
    take_seat(shift, root);
    fill(shift);
    react(root);
}
