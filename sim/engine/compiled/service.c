/* An attempt that is served: what a cache gives, how long it takes, whether it fails (`sim/backends/service.py`, `cache.py`). */
#include "backend.h"

#include <math.h>

#include "luck.h"
#include "memory.h"
#include "sums.h"

static i64 smaller(i64 one, i64 other)
{
    return other < one ? other : one;
}

void split_prompt(const Backend *backend, const Kept *kept, i64 prompt, double now_s, i64 *read, i64 *write)
{
    *read = *write = 0;
    if (prompt < backend->cache_minimum)
        return;
    if (now_s <= kept->until_s)
        *read = smaller(kept->tokens, prompt);
    else if (backend->cache_head && now_s <= kept->until_s + backend->head_ttl_s)
        *read = smaller(smaller(kept->tokens, prompt), backend->cache_head);
    if (backend->cache_explicit)
        *write = prompt - *read;
}

/* Where a row has room for less, the clock says what is wrong. */
static uint32_t counted(Engine *engine, i64 number)
{
    if (number < 0 || number > UINT32_MAX)
        engine->beyond = 1;
    return (uint32_t)number;
}

Row *row_of(Agent *agent, i64 status, double start_s, double first_token_s, double end_s)
{
    const Call *call = &agent->call;
    Row *row = next_row(agent->engine);
    if (row)
        *row = (Row){.task = agent->task->job.number, .agent = (uint32_t)agent->path, .depth = (uint8_t)agent->depth,
                     .turn = counted(agent->engine, agent->turn), .attempt = (uint8_t)call->attempt, .role = (uint8_t)call->role,
                     .backend = (uint8_t)agent->backend, .status = (uint8_t)status, .t_request_s = call->t_request_s,
                     .t_start_s = start_s, .t_first_token_s = first_token_s, .t_end_s = end_s};
    return row;
}

double serve(Agent *agent, int *fails)
{
    const World *world = agent->world;
    const Backend *backend = &world->backends[agent->backend];
    const Call *call = &agent->call;
    Kept *kept = &agent->kept[agent->backend];
    double now_s = agent->now_s;
    i64 prompt = call->input_tokens, output = call->output_tokens, reasoning = call->reasoning_tokens, read, write;
    *fails = call->u_error < backend->error_rate;
    split_prompt(backend, kept, prompt, now_s, &read, &write);
    double server_s =
        backend->constant_s + (double)(prompt - read) * backend->s_per_fresh + (double)prompt * backend->s_per_context;
    double decode_s = (double)output * backend->s_per_output;
    if (backend->sigma != 0.0) {
        double noise = exp(normal_quantile(call->u_noise, 0.0, backend->sigma));
        server_s *= noise;
        decode_s *= noise;
    }
    if (backend->batch_latency_s >= 0) {
        server_s = draw(world, backend->batch_latency_s, call->u_noise);
        decode_s = 0.0;
    }
    if (backend->handshake_s != 0.0 && !(agent->connected_to == agent->backend && now_s <= agent->connected_until_s))
        server_s += backend->rtt_s + backend->handshake_s;
    else
        server_s += backend->rtt_s;
    double first_token_s = now_s + server_s;
    if (prompt >= backend->cache_minimum && !(*fails && backend->forgets))
        *kept = (Kept){prompt, first_token_s + backend->cache_ttl_s};
    if (*fails && backend->forgets)
        prompt = read = write = 0;
    if (*fails && !backend->bills_everything) {
        output = 0;
        decode_s = 0.0;
    }
    double end_s = first_token_s + decode_s;
    agent->connected_to = agent->backend;
    agent->connected_until_s = end_s + backend->idle_s;
    agent->call.t_start_s = now_s;
    if (end_s >= world->horizon_s) {
        outlasts(agent->engine, agent->backend, now_s, end_s);
        return end_s;
    }
    Row *row = row_of(agent, *fails ? ERROR : OK, now_s, first_token_s, end_s);
    if (row) {
        row->input_tokens = counted(agent->engine, prompt);
        row->cache_read_tokens = (uint32_t)read;
        row->cache_write_tokens = (uint32_t)write;
        row->output_tokens = counted(agent->engine, output);
        row->reasoning_tokens = (uint32_t)(*fails ? smaller(reasoning, output) : reasoning);
        add_row(agent->engine, world, row, &agent->task->job.spent);
    }
    return end_s;
}

