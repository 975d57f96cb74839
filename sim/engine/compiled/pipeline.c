/* Stages one after another: `sim/agents/pipeline.py`. */
#include "agent.h"
#include "heap.h"
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
    i64 reports, told_tokens; /* of those who ended well */
} Crowd;

typedef struct {
    i64 count;
    Crowd *crowds;
    i64 started; /* agents of the task so far */
    i64 capped, stopped;
} Shift;

/* One more item; 0 where there is no memory. */
static int add(Engine *engine, Found *found, u64 branch, i64 told_tokens)
{
    if (found->count == found->most) {
        i64 most = found->most ? 2 * found->most : 16;
        Item *items = room(engine, (size_t)most * sizeof(Item));
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
static int gather(Agent *root, const Found *before, i64 place, Shift *shift)
{
    const World *world = root->world;
    const Stage *stage = &world->stages[place];
    i64 read = 0, path = path_of(root->engine, root->path, STAGE_OF, place);
    for (i64 other = 0; other < stage->reads_count; other++) {
        const Found *found = &before[world->parts[stage->reads + other]];
        for (i64 at = 0; at < found->count; at++)
            read += found->items[at].told_tokens;
    }
    const Found *given = stage->each < 0 ? NULL : &before[stage->each];
    shift->count = given ? given->count : 1;
    shift->crowds = room(root->engine, (size_t)(shift->count + 1) * sizeof(Crowd));
    if (!shift->crowds)
        return 0;
    for (i64 number = 0; number < shift->count; number++) {
        double luck[2]; /* in the order of `decisions.GROUP` */
        u64 branch = child(given ? given->items[number].branch : root->branch, FIRST_TEAM + place);
        page(world, STAGE, root->task->id, branch, 0, luck, 2);
        shift->crowds[number] = (Crowd){
            .branch = branch, .path = given ? path_of(root->engine, path, 0, number) : path,
            .size = whole(root->engine, world, stage->width, luck[0], 1),
            .read_tokens = read + (given ? given->items[number].told_tokens : 0), .u_passes = luck[1]};
    }
    return 1;
}

/* How many agents may start in a stage: those who skip keep one back for each stage to come (`Pipeline.allowed`). */
static i64 allowed(const World *world, Shift *shift, i64 place)
{
    i64 agents = 0, kept = world->at_cap_stops ? 0 : world->stage_count - 1 - place;
    for (i64 number = 0; number < shift->count; number++)
        agents += shift->crowds[number].size;
    if (!world->max_agents || agents <= world->max_agents - shift->started - kept)
        return agents;
    shift->capped = 1;
    shift->stopped = world->at_cap_stops;
    return world->max_agents - shift->started - kept;
}

/* What an agent that ended well has found (`Shift._found`). */
static int find(const Agent *agent, const Stage *stage, Found *found)
{
    const World *world = agent->world;
    double u_items, rows[PAGE];
    page(world, STAGE, agent->task->id, agent->branch, 1, &u_items, 1);
    i64 items = whole(agent->engine, world, stage->items, u_items, 0);
    for (i64 index = 0; index < items; index++) {
        if (index % ROWS == 0)
            page(world, STAGE, agent->task->id, agent->branch, (u64)(2 + index / ROWS), rows, PAGE);
        const double *u = rows + index % ROWS * COLUMNS; /* in the order of `decisions.ITEM` */
        if (u[0] < stage->passes && !add(agent->engine, found, child(agent->branch, index),
                                         whole(agent->engine, world, stage->report_tokens, u[1], 0)))
            return 0;
    }
    return 1;
}

/* A stage at work, as many agents at a time as may run, from `now_s` on; sets `now_s` to where the last has ended. */
static int shift_works(Agent *root, Found *before, i64 place, Shift *shift, double *now_s, i64 *nobody)
{
    Engine *engine = root->engine;
    const World *world = root->world;
    const Stage *stage = &world->stages[place];
    if (!gather(root, before, place, shift))
        return STUCK;
    i64 seats = allowed(world, shift, place), room_for = world->team.max_parallel ? world->team.max_parallel : seats;
    double *ends = seats > room_for ? room(engine, (size_t)room_for * sizeof(double)) : NULL, last_s = *now_s;
    if (seats > room_for && !ends)
        return STUCK;
    i64 seat = 0, working = 0, reports = 0, stuck = 0;
    for (i64 number = 0; number < shift->count; number++) {
        Crowd *crowd = &shift->crowds[number];
        for (i64 index = 0; index < crowd->size && seat < seats; index++, seat++) {
            double begin_s = *now_s;
            if (seat >= room_for) {
                if (!working) /* nobody ends any more, so nobody else starts */
                    return STUCK;
                begin_s = taken(ends, &working);
            }
            Agent other, *agent = &other;
            if (!place && !seat)
                agent = root;
            else {
                i64 path = path_of(engine, crowd->path, stage->verifies ? VERIFIES : 0, index);
                if (!be_born(agent, engine, world, root->task, &stage->profile, stage->role, path, child(crowd->branch, index), 1,
                             begin_s))
                    return STUCK;
                engine->verifiers += stage->verifies;
                agent->first_tokens += crowd->read_tokens;
                agent->context += crowd->read_tokens;
            }
            shift->started++;
            int state = react(agent);
            if (engine->stopped || engine->beyond)
                return STUCK;
            if (state == STUCK) {
                stuck = 1;
                continue;
            }
            if (state == COMPLETED) {
                reports++;
                if (!stage->judges) {
                    if (!find(agent, stage, &before[place]))
                        return STUCK;
                } else {
                    crowd->reports++;
                    crowd->told_tokens += whole(engine, world, stage->report_tokens, agent->page[7], 0);
                }
            }
            if (agent->now_s > last_s)
                last_s = agent->now_s;
            if (ends)
                put(ends, &working, agent->now_s);
        }
    }
    if (stuck)
        return STUCK;
    for (i64 number = 0; stage->judges && number < shift->count; number++) {
        const Crowd *crowd = &shift->crowds[number];
        if (crowd->reports && crowd->u_passes < stage->passes && !add(engine, &before[place], crowd->branch, crowd->told_tokens))
            return STUCK;
    }
    *now_s = last_s;
    *nobody |= seats && !reports;
    return COMPLETED;
}

int pipeline(Agent *root)
{
    const World *world = root->world;
    Found *found = room(root->engine, (size_t)world->stage_count * sizeof(Found));
    Shift shift = {0};
    double now_s = root->now_s;
    i64 nobody = 0;
    if (!found)
        return STUCK;
    choose(root); /* before the others of its stage do */
    for (i64 place = 0; place < world->stage_count; place++) {
        if (shift_works(root, found, place, &shift, &now_s, &nobody) == STUCK)
            return STUCK;
        root->task->capped = shift.capped;
        if (shift.stopped) {
            root->now_s = now_s;
            return FAILED;
        }
    }
    root->now_s = now_s;
    return nobody ? FAILED : COMPLETED;
}
