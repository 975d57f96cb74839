/* What a call is: which backend takes it, how long that takes, what a cache gives, what is billed, when it is tried again. */
#include <math.h>

#include "agent.h"
#include "clock.h"
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
        page(world, ROUTE, task->job.number, agent->branch, router->per == PER_CALL ? (u64)agent->turn + 1 : 0, &u, 1);
        for (backend = 0; backend < world->backend_count - 1; backend++)
            if (u < world->numbers[router->edges + backend])
                break;
    } else if (backend < 0)
        backend = router->of_role[agent->role];
    if (router->per == PER_TASK)
        task->backend = backend;
    agent->backend = backend;
}

/* A client that has waited for as long as it was told is not refused for a rounding error. */
static const double LATE_S = 1e-9;

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

/* A row of an attempt, to which its tokens are still to be written; null where all is to end. */
static Row *row_of(Agent *agent, i64 status, double start_s, double first_token_s, double end_s)
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

/* An attempt from its slot to its last byte, all of which is known from its start on (`Service.answer`). Returns when it ends; `fails`:
 * whether it comes to nothing. */
static double serve(Agent *agent, int *fails)
{
    const World *world = agent->world;
    const Backend *backend = &world->backends[agent->backend];
    const Call *call = &agent->call;
    Kept *kept = &agent->kept[agent->backend];
    double now_s = agent->now_s;
    i64 prompt = call->input_tokens, output = call->output_tokens, reasoning = call->reasoning_tokens, read, write;
    *fails = call->u_error < backend->error_rate;
    split(backend, kept, prompt, now_s, &read, &write);
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

/* A slot is granted: the end of the attempt is known. */
static void be_served(Agent *agent)
{
    int fails;
    double end_s = serve(agent, &fails);
    if (end_s < agent->world->horizon_s)
        put(agent->engine, end_s, fails ? BREAKS : IS_ANSWERED, agent);
}

/* Its attempt is over: its slot goes straight to the head of the line (`Backend.release`). */
static void release(Agent *agent)
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
    engine->in_line[backend]--;
    next->now_s = agent->now_s;
    be_served(next);
}

/* It asks no more: its last attempt has failed, or the prompt is longer than the window. */
static int give_up(Agent *agent)
{
    call_given_up(agent->task, &agent->call.wait);
    agent->engine->given_up++;
    return FAILED;
}

/* Whether a prompt is too long for the window: an error at once, for which nothing is billed (`Dispatch._refuse`). */
static int refused(Agent *agent)
{
    double now_s = agent->now_s;
    agent->call.t_request_s = now_s;
    agent->engine->requested++;
    if (agent->call.input_tokens <= agent->world->backends[agent->backend].window)
        return 0;
    Row *row = row_of(agent, TOO_LONG, now_s, now_s, now_s);
    if (row)
        add_row(agent->engine, agent->world, row, &agent->task->job.spent);
    return 1;
}

/* An attempt has ended: what its call has waited for so far, beside what it waits before the next. */
static void add_wait(Agent *agent)
{
    Call *call = &agent->call;
    call->wait.line_s += call->t_start_s - call->t_request_s;
}

/* An attempt has failed, and may be made again then: FAILED where it was the last, STUCK where another follows, in `wait_s`
 * (`Dispatch.attempt_refused`). */
static int failed(Agent *agent, double retry_after_s, double *wait_s)
{
    const World *world = agent->world;
    Call *call = &agent->call;
    add_wait(agent);
    call->wait.broken_s += agent->now_s - call->t_start_s;
    if (call->attempt + 1 == world->retry.attempts)
        return give_up(agent);
    double luck[3];
    u64 number = (u64)(agent->turn * 2 + (call->role == ROLE_OF_COMPACTION)) * 64 + (u64)call->attempt;
    page(world, RETRY, agent->task->job.number, agent->branch, number, luck, 3);
    *wait_s = backoff_s(&world->retry, call->attempt, luck[0]);
    if ((world->retry.heeds_retry_after || isinf(retry_after_s)) && retry_after_s > *wait_s)
        *wait_s = retry_after_s;
    if (isinf(*wait_s))
        return give_up(agent);
    call->u_noise = luck[1];
    call->u_error = luck[2];
    return STUCK;
}

/* The next attempt begins, where the last has ended so long ago. */
static void ask_again(Agent *agent, double ended_s)
{
    Call *call = &agent->call;
    call->attempt++;
    if (call->limited)
        call->wait.limit_s += agent->now_s - ended_s;
    else
        call->wait.backoff_s += agent->now_s - ended_s;
    call->limited = 0;
    call->t_request_s = agent->now_s;
}

/* It has its answer. */
static int done(Agent *agent)
{
    if (agent->call.attempt) {
        add_wait(agent);
        call_answered(agent->engine, &agent->call.wait);
    }
    return COMPLETED;
}

/* An attempt on the clock has come to nothing: its call is given up, or tried again. */
static void go_without(Agent *agent, double retry_after_s)
{
    double wait_s;
    agent->answer = failed(agent, retry_after_s, &wait_s);
    if (agent->answer == FAILED) {
        put(agent->engine, agent->now_s, GIVES_UP, agent);
        return;
    }
    agent->engine->trying_again++;
    agent->call.t_start_s = agent->now_s; /* whence it waits */
    put(agent->engine, agent->now_s + wait_s, TRIES_AGAIN, agent);
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
        split(backend, &agent->kept[agent->backend], input, now_s, &read, &write);
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

/* Be turned away, be served now, or at the end of the line (`Backend.admit`). */
static void admit(Agent *agent)
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

/* All attempts one after another, where nobody else can come between (`sim.engine.lookahead`). */
static int to_the_end(Agent *agent)
{
    Engine *engine = agent->engine;
    const World *world = agent->world;
    if (agent->now_s >= world->horizon_s)
        return STUCK;
    if (world->router.per == PER_CALL)
        choose(agent);
    if (refused(agent))
        return give_up(agent);
    for (;;) {
        int fails;
        double wait_s, ended_s = serve(agent, &fails);
        if (engine->stopped)
            return STUCK;
        if (ended_s >= world->horizon_s) {
            engine->in_service[agent->backend]++;
            return STUCK;
        }
        agent->now_s = ended_s;
        if (!fails)
            return done(agent);
        if (failed(agent, 0.0, &wait_s) == FAILED)
            return FAILED;
        agent->now_s += wait_s;
        if (agent->now_s >= world->horizon_s) {
            engine->trying_again++;
            return STUCK;
        }
        ask_again(agent, ended_s);
    }
}

i64 send_call(Agent *agent, i64 role, i64 input_tokens, i64 output_tokens, i64 reasoning_tokens, double u_noise, double u_error,
              double wait_s)
{
    agent->turn = agent->turns_done;
    agent->call = (Call){.role = role, .input_tokens = input_tokens, .output_tokens = output_tokens,
                         .reasoning_tokens = reasoning_tokens, .u_noise = u_noise, .u_error = u_error};
    if (!agent->engine->on_clock) {
        agent->now_s += wait_s;
        return agent->answer = to_the_end(agent);
    }
    if (wait_s != 0.0)
        put(agent->engine, agent->now_s + wait_s, ASKS, agent);
    else
        ask(agent);
    return STUCK;
}

void ask(Agent *agent)
{
    if (agent->world->router.per == PER_CALL)
        choose(agent);
    if (!refused(agent)) {
        admit(agent);
        return;
    }
    agent->answer = give_up(agent);
    put(agent->engine, agent->now_s, GIVES_UP, agent);
}

void answered(Agent *agent)
{
    release(agent);
    agent->answer = done(agent);
    go_on(agent);
}

void broke(Agent *agent)
{
    release(agent);
    go_without(agent, 0.0);
}

void try_again(Agent *agent)
{
    agent->engine->trying_again--;
    ask_again(agent, agent->call.t_start_s);
    admit(agent);
}
