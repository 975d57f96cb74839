/* What a call is: which backend takes it, how long that takes, what a cache gives, what is billed, when it is tried again. */
#include <math.h>

#include "agent.h"
#include "luck.h"
#include "memory.h"
#include "sums.h"

/* sim/router/policies.py */
void choose(Agent *agent)
{
    const World *world = agent->world;
    const Router *router = &world->router;
    Task *task = agent->task;
    i64 backend = task->backend;
    if (backend < 0 && router->policy == WEIGHTED) {
        double u;
        page(world, ROUTE, task->id, agent->branch, router->per == PER_CALL ? (u64)agent->turn + 1 : 0, &u, 1);
        for (backend = 0; backend < world->backend_count - 1; backend++)
            if (u < world->numbers[router->edges + backend])
                break;
    } else if (backend < 0)
        backend = router->of_role[agent->role];
    if (router->per == PER_TASK)
        task->backend = backend;
    agent->backend = backend;
}

void forget_prefix(Agent *agent)
{
    for (i64 backend = 0; backend < agent->world->backend_count; backend++)
        agent->kept[backend].tokens = 0;
}

static i64 smaller(i64 one, i64 other)
{
    return other < one ? other : one;
}

/* Tokens of a prompt that are read from the cache, and those that are written to it at a price (`PromptCache.split`). */
static void split(const Backend *backend, const Kept *kept, i64 prompt, double now_s, i64 *read, i64 *write)
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

static Row *written(Agent *agent, i64 attempt, i64 role, i64 status, double request_s, double start_s, double first_token_s, double end_s)
{
    Row *row = next_row(agent->engine, agent->world);
    if (row)
        *row = (Row){.task = agent->task->id, .agent = (uint32_t)agent->path, .depth = (uint8_t)agent->depth,
                     .turn = counted(agent->engine, agent->turn), .attempt = (uint8_t)attempt, .role = (uint8_t)role,
                     .backend = (uint8_t)agent->backend, .status = (uint8_t)status, .t_request_s = request_s, .t_start_s = start_s,
                     .t_first_token_s = first_token_s, .t_end_s = end_s};
    return row;
}

/* Seconds until the next attempt (`sim.engine.dispatch`). */
static double backoff_s(const Retry *retry, i64 attempt, double u)
{
    double longest_s = retry->base_s * ldexp(1.0, (int)attempt);
    if (retry->backoff == FIXED_BACKOFF)
        return retry->base_s;
    if (retry->cap_s <= longest_s)
        longest_s = retry->cap_s;
    return retry->backoff == FULL_JITTER ? u * longest_s : longest_s;
}

/* One attempt, all of which is known from its start on (`Service.answer`); its agent is where it ends. STUCK: the run ends before. */
static int serve(Agent *agent, i64 attempt, i64 role, i64 prompt, i64 output, i64 reasoning, double u_noise, double u_error)
{
    const World *world = agent->world;
    const Backend *backend = &world->backends[agent->backend];
    Kept *kept = &agent->kept[agent->backend];
    double now_s = agent->now_s;
    int fails = u_error < backend->error_rate;
    i64 read, write;
    split(backend, kept, prompt, now_s, &read, &write);
    double server_s =
        backend->constant_s + (double)(prompt - read) * backend->s_per_fresh + (double)prompt * backend->s_per_context;
    double decode_s = (double)output * backend->s_per_output;
    if (backend->sigma != 0.0) {
        double noise = exp(normal_quantile(u_noise, 0.0, backend->sigma));
        server_s *= noise;
        decode_s *= noise;
    }
    if (backend->batch_latency_s >= 0) {
        server_s = draw(world, backend->batch_latency_s, u_noise);
        decode_s = 0.0;
    }
    if (backend->handshake_s != 0.0 && !(agent->connected_to == agent->backend && now_s <= agent->connected_until_s))
        server_s += backend->rtt_s + backend->handshake_s;
    else
        server_s += backend->rtt_s;
    double first_token_s = now_s + server_s;
    if (prompt >= backend->cache_minimum && !(fails && backend->forgets))
        *kept = (Kept){prompt, first_token_s + backend->cache_ttl_s};
    if (fails && backend->forgets)
        prompt = read = write = 0;
    if (fails && !backend->bills_everything) {
        output = 0;
        decode_s = 0.0;
    }
    double end_s = first_token_s + decode_s;
    agent->connected_to = agent->backend;
    agent->connected_until_s = end_s + backend->idle_s;
    if (end_s >= world->horizon_s) {
        outlasts(agent->engine, agent->backend, now_s, end_s);
        agent->engine->in_service[agent->backend]++;
        return STUCK;
    }
    Row *row = written(agent, attempt, role, fails ? ERROR : OK, now_s, now_s, first_token_s, end_s);
    if (!row)
        return STUCK;
    row->input_tokens = counted(agent->engine, prompt);
    row->cache_read_tokens = (uint32_t)read;
    row->cache_write_tokens = (uint32_t)write;
    row->output_tokens = counted(agent->engine, output);
    row->reasoning_tokens = (uint32_t)(fails ? smaller(reasoning, output) : reasoning);
    agent->now_s = end_s;
    return fails ? FAILED : COMPLETED;
}

int send_call(Agent *agent, i64 turn, i64 role, i64 input_tokens, i64 output_tokens, i64 reasoning_tokens, double u_noise, double u_error,
         double wait_s)
{
    Engine *engine = agent->engine;
    const World *world = agent->world;
    agent->turn = turn;
    agent->now_s += wait_s;
    if (agent->now_s >= world->horizon_s)
        return STUCK;
    if (world->router.per == PER_CALL)
        choose(agent);
    engine->requested++;
    if (input_tokens > world->backends[agent->backend].window) {
        written(agent, 0, role, TOO_LONG, agent->now_s, agent->now_s, agent->now_s, agent->now_s);
        waited(engine, 0.0, 0.0, 1);
        engine->given_up++;
        return FAILED;
    }
    double backoff = 0.0, broken_s = 0.0;
    for (i64 attempt = 0;; attempt++) {
        double asked_s = agent->now_s;
        int state = serve(agent, attempt, role, input_tokens, output_tokens, reasoning_tokens, u_noise, u_error);
        if (state == COMPLETED && attempt)
            waited(engine, backoff, broken_s, 0);
        if (state != FAILED)
            return state;
        double ended_s = agent->now_s;
        broken_s += ended_s - asked_s;
        if (attempt + 1 == world->retry.attempts) {
            waited(engine, backoff, broken_s, 1);
            engine->given_up++;
            return FAILED;
        }
        double luck[3];
        u64 number = (u64)(turn * 2 + (role == ROLE_OF_COMPACTION)) * 64 + (u64)attempt;
        page(world, RETRY, agent->task->id, agent->branch, number, luck, 3);
        agent->now_s += backoff_s(&world->retry, attempt, luck[0]);
        if (agent->now_s >= world->horizon_s) {
            engine->trying_again++;
            return STUCK;
        }
        backoff += agent->now_s - ended_s;
        u_noise = luck[1];
        u_error = luck[2];
    }
}
