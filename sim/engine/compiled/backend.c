/* A backend's slots, its line and its limits: where calls meet on the clock (`sim/backends/backend.py`, `limits.py`). */
#include "backend.h"

#include <math.h>
#include <stddef.h>

#include "clock.h"
#include "sums.h"

/* A client that has waited for as long as it was told is not refused for a rounding error. */
static const double LATE_S = 1e-9;

/* A slot is granted: the end of the attempt is known. */
static void be_served(Agent *agent)
{
    int fails;
    double end_s = serve(agent, &fails);
    if (end_s < agent->world->horizon_s)
        put(agent->engine, end_s, fails ? BREAKS : IS_ANSWERED, agent);
}

void release(Agent *agent)
{
    Engine *engine = agent->engine;
    i64 backend = agent->backend;
    Line *line = &engine->clock->lines[backend];
    Agent *next = line->first;
    if (!next) {
        engine->in_service[backend]--;
        return;
    }
    line->first = next->next;
    fetch(line->first);
    engine->in_line[backend]--;
    next->now_s = agent->now_s;
    be_served(next);
}

static void be_turned_away(Agent *agent, double retry_after_s)
{
    double now_s = agent->now_s;
    Row *row = row_of(agent, RATE_LIMITED, now_s, now_s, now_s);
    if (row)
        add_row(agent->engine, agent->world, row, &agent->task->job.spent);
    agent->call.t_start_s = now_s;
    agent->call.limited = agent->call.wait.refused = 1;
    go_without(agent, retry_after_s);
}

/* Seconds until it would pass all limits of a backend; 0: it has passed, and counts against all (`Limits.retry_after_s`). */
static double retry_after_s(Agent *agent)
{
    const Backend *backend = &agent->world->backends[agent->backend];
    const Call *call = &agent->call;
    double *full_at = agent->engine->clock->full_at[agent->backend], now_s = agent->now_s, longest_s = 0.0;
    i64 input = call->input_tokens, read, write;
    if (!backend->limited)
        return 0.0;
    if (!backend->reads_count) {
        split_prompt(backend, &agent->kept[agent->backend], input, now_s, &read, &write);
        input -= read;
    }
    const double amounts[LIMITS] = {1.0, (double)input, (double)call->output_tokens, (double)(input + call->output_tokens)};
    for (int at = 0; at < LIMITS; at++) {
        if (backend->s_per_unit[at] == 0.0)
            continue;
        double takes_s = amounts[at] * backend->s_per_unit[at], wait_s = full_at[at] - now_s + takes_s - backend->burst_s[at];
        if (takes_s > backend->burst_s[at] + LATE_S)
            wait_s = INFINITY;
        else if (!(full_at[at] > now_s))
            wait_s = 0.0;
        if (wait_s > longest_s)
            longest_s = wait_s;
    }
    if (longest_s > LATE_S)
        return longest_s;
    for (int at = 0; at < LIMITS; at++)
        if (backend->s_per_unit[at] != 0.0)
            full_at[at] = (full_at[at] > now_s ? full_at[at] : now_s) + amounts[at] * backend->s_per_unit[at];
    return 0.0;
}

void admit(Agent *agent)
{
    Engine *engine = agent->engine;
    const Backend *backend = &agent->world->backends[agent->backend];
    i64 *in_service = &engine->in_service[agent->backend], *in_line = &engine->in_line[agent->backend];
    if (*in_service >= backend->slots && backend->queue_limit >= 0 && *in_line >= backend->queue_limit) {
        be_turned_away(agent, 0.0);
        return;
    }
    double wait_s = retry_after_s(agent);
    if (wait_s != 0.0) {
        be_turned_away(agent, wait_s);
        return;
    }
    if (*in_service < backend->slots) {
        ++*in_service;
        be_served(agent);
        return;
    }
    Line *line = &engine->clock->lines[agent->backend];
    agent->next = NULL;
    if (line->first)
        line->last->next = agent;
    else
        line->first = agent;
    line->last = agent;
    ++*in_line;
}

