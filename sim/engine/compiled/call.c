/* A call: which backend takes it, what becomes of its attempts, when it is tried again (`sim/engine/dispatch.py`). */
#include <math.h>

#include "backend.h"
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

void forget_prefix(Agent *agent)
{
    for (i64 backend = 0; backend < agent->world->backend_count; backend++)
        agent->kept[backend].tokens = 0;
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

void go_without(Agent *agent, double retry_after_s)
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
