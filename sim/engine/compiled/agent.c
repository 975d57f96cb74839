/* An agent's life: `sim/agents/agent.py`, `react.py` and `context.py`. */
#include "agent.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "clock.h"
#include "luck.h"
#include "memory.h"

static const i64 MOST_TURNS = 1ll << 31;

/* A place for one: what is zeroed does not reach to its random numbers. */
static Agent *place_for_one(Task *task)
{
    size_t kept = (size_t)task->world->backend_count * sizeof(Kept);
    Agent *agent = task->spare;
    if (!agent)
        return room(task, sizeof(Agent) + kept);
    task->spare = agent->next;
    memset(agent, 0, offsetof(Agent, page));
    memset(agent->kept, 0, kept);
    return agent;
}

Agent *born(Task *task, const Profile *profile, i64 role, i64 path, u64 branch, i64 depth, double now_s)
{
    Engine *engine = task->engine;
    const World *world = task->world;
    Agent *agent = place_for_one(task);
    if (!agent)
        return NULL;
    agent->engine = engine, agent->world = world, agent->task = task, agent->profile = profile;
    agent->role = role, agent->path = path, agent->branch = branch, agent->depth = depth, agent->now_s = now_s;
    agent->backend = agent->connected_to = -1;
    agent->turns = -1.0;
    task->job.agents++;
    engine->agents++;
    page(world, TURN, task->job.number, branch, 0, agent->page, FIRST_PAGE);
    /* In the order of `decisions.AGENT`. */
    const double *u = agent->page;
    agent->requests = whole(engine, world, profile->requests, u[0], 1);
    agent->first_tokens = profile->system_tokens + whole(engine, world, profile->prompt_tokens, u[1], 0);
    i64 prior = whole(engine, world, profile->prior_tokens, u[2], 0);
    agent->context = agent->first_tokens + prior;
    agent->opening_turns = prior ? 0 : profile->opening_turns;
    agent->output_scale = draw(world, profile->output_scale, u[3]);
    agent->result_scale = draw(world, profile->result_scale, u[4]);
    agent->turns_scale = draw(world, profile->turns_scale, u[5]);
    if (profile->turns_exponent != 0.0)
        agent->turns_scale *= pow((double)agent->requests, -profile->turns_exponent);
    if (prior)
        agent->turns_scale *= profile->resumed_turns;
    return agent;
}

void forget(Agent *agent)
{
    agent->next = agent->task->spare;
    agent->task->spare = agent;
}

i64 turns_of(Agent *agent, double u_turns)
{
    double turns = agent->turns < 0.0 ? draw(agent->world, agent->profile->turns, u_turns) : agent->turns;
    i64 found = cut(agent->engine, rint(turns * agent->turns_scale));
    if (found > MOST_TURNS) {
        agent->engine->beyond = 1;
        found = 1;
    }
    return found ? found : 1;
}

static double lesser(double one, double other)
{
    return other < one ? other : one;
}

/* Start within the window that the harness works in (`Agent._fit`). */
static double fit(Agent *agent, double u_compact)
{
    const Profile *profile = agent->profile;
    double window = (double)agent->world->backends[agent->backend].window;
    double limit = profile->compact_at_share * lesser(draw(agent->world, profile->window_tokens, u_compact), window);
    i64 prior = agent->context - agent->first_tokens;
    if (prior && (double)agent->context > limit) {
        limit = profile->compact_at_share * window;
        i64 left = cut(agent->engine, limit) - agent->first_tokens;
        if (prior > left && left > 0)
            agent->context = agent->first_tokens + prior % left;
    }
    return limit;
}

/* Meet the backend: the longest prompt that is sent before a compaction is known then (`Agent.settle`). */
static void settle(Agent *agent)
{
    const Profile *profile = agent->profile;
    double u_compact = agent->page[6];
    if (agent->backend < 0)
        choose(agent);
    const Backend *backend = &agent->world->backends[agent->backend];
    double turns = agent->role == CHAT ? 1.0 : backend->turn_multiplier;
    agent->turns_scale *= turns * agent->task->effort;
    agent->output_scale *= backend->verbosity;
    agent->reasoning_share = isnan(backend->reasoning_share) ? profile->reasoning_share : backend->reasoning_share;
    agent->dropped_share = agent->reasoning_share * (1 - profile->keep_reasoning);
    double limit = INFINITY;
    if (profile->compact_at_tokens >= 0)
        limit = lesser(draw(agent->world, profile->compact_at_tokens, u_compact), profile->compact_at_share * (double)backend->window);
    agent->limit = profile->window_tokens < 0 ? limit : lesser(limit, fit(agent, u_compact));
}

/* Summarise the history (`sim.agents.context.compact`): the call, and what is left then. */
static i64 summarise(Agent *agent)
{
    const Profile *profile = agent->profile;
    double luck[4];
    page(agent->world, COMPACTION, agent->task->job.number, agent->branch, (u64)agent->compactions++, luck, 4);
    i64 summary = whole(agent->engine, agent->world, profile->summary_tokens, luck[0], 1);
    i64 window = agent->world->backends[agent->backend].window;
    i64 prompt = agent->context < window ? agent->context : window;
    agent->context = agent->first_tokens + summary + whole(agent->engine, agent->world, profile->restore_tokens, luck[3], 0);
    return send_call(agent, ROLE_OF_COMPACTION, prompt, summary, 0, luck[1], luck[2], agent->wait_s);
}

/* The user takes so long before a message (`Task.wait_for_user`). */
static void wait_for_user(Task *task, double now_s, double seconds)
{
    if (now_s < task->thinks_until_s) {
        seconds = now_s + seconds - task->thinks_until_s;
        if (!(seconds > 0.0))
            seconds = 0.0;
        now_s = task->thinks_until_s;
    }
    task->job.thinking_s += seconds;
    task->thinks_until_s = now_s + seconds;
}

/* The next message of its user, after some thought; the first is there already. */
static void hear(Agent *agent)
{
    const World *world = agent->world;
    const Profile *profile = agent->profile;
    double u_turns = agent->page[FIRST_MESSAGE];
    if (agent->message) {
        i64 before = agent->message - 1, place = before % ROWS;
        if (!place)
            page(world, MESSAGE, agent->task->job.number, agent->branch, (u64)(before / ROWS), agent->said, PAGE);
        const double *u = agent->said + place * COLUMNS; /* in the order of `decisions.MESSAGE` */
        u_turns = u[0];
        agent->wait_s = draw(world, profile->think_time_s, u[2]);
        wait_for_user(agent->task, agent->now_s, agent->wait_s);
        agent->context += whole(agent->engine, world, profile->request_tokens, u[1], 0);
    }
    agent->turns_left = turns_of(agent, u_turns) - (agent->plan && agent->plan->less ? agent->plan->less[agent->message] : 0);
}

/* The random numbers of its next turn, in the order of `decisions.FIRST_TURNS`. */
enum { U_OUTPUT, U_RESULT, U_TOOL, U_NOISE, U_ERROR, U_REWRITE };

static const double *luck_of_turn(const Agent *agent)
{
    return agent->page + FIRST_TURN + agent->turns_done % ROWS * COLUMNS;
}

/* Ask its model. */
static i64 reason(Agent *agent)
{
    const double *u = luck_of_turn(agent);
    const Profile *profile = agent->profile;
    if (u[U_REWRITE] < profile->rewrite_rate)
        forget_prefix(agent);
    i64 output = cut(agent->engine, draw(agent->world, profile->output_tokens, u[U_OUTPUT]) * agent->output_scale + 0.5);
    if (!output)
        output = 1;
    i64 reasoning = agent->reasoning_share != 0.0 ? (i64)((double)output * agent->reasoning_share + 0.5) : 0;
    return send_call(agent, agent->role, agent->context, output, reasoning, u[U_NOISE], u[U_ERROR], agent->wait_s);
}

/* Its model has answered: call a tool, unless that was the message's last turn. */
static void act(Agent *agent)
{
    const double *u = luck_of_turn(agent);
    const Profile *profile = agent->profile;
    i64 output = agent->call.output_tokens;
    agent->turns_done++;
    agent->context += agent->dropped_share != 0.0 ? output - (i64)((double)output * agent->dropped_share + 0.5) : output;
    agent->wait_s = 0.0;
    if (agent->turns_left) {
        i64 result_of = agent->turns_done > agent->opening_turns ? profile->tool_result_tokens : profile->opening_result_tokens;
        agent->context += cut(agent->engine, draw(agent->world, result_of, u[U_RESULT]) * agent->result_scale + 0.5);
        agent->wait_s = draw(agent->world, profile->tool_time_s, u[U_TOOL]);
    }
    cut(agent->engine, (double)agent->context);
}

/* Where an agent is in its work. */
enum { NEXT_MESSAGE, NEXT_TURN, SUMMARISES, REASONS, MEETS_TEAM, HAS_TEAM };

/* `sim.agents.react.react`, with a plan's waves after some of the turns: goes on until it has to wait (STUCK), or has ended. */
static i64 work(Agent *agent)
{
    const Plan *plan = agent->plan;
    for (;;)
        switch (agent->step) {
        case NEXT_MESSAGE:
            if (agent->message == agent->requests)
                return COMPLETED;
            hear(agent);
            agent->message++;
            agent->step = NEXT_TURN;
            break;
        case NEXT_TURN:
            if (agent->engine->beyond || agent->engine->stopped)
                return STUCK;
            if (!agent->turns_left--) {
                agent->step = NEXT_MESSAGE;
                break;
            }
            if (agent->turns_done && agent->turns_done % ROWS == 0)
                page(agent->world, TURN, agent->task->job.number, agent->branch, (u64)(agent->turns_done / ROWS),
                     agent->page + FIRST_TURN, PAGE);
            agent->step = (double)agent->context > agent->limit ? SUMMARISES : REASONS;
            if ((agent->step == REASONS ? reason(agent) : summarise(agent)) == STUCK)
                return STUCK;
            break;
        case SUMMARISES:
            forget_prefix(agent);
            if (agent->answer == FAILED)
                return FAILED;
            agent->wait_s = 0.0;
            agent->step = REASONS;
            if (reason(agent) == STUCK)
                return STUCK;
            break;
        case REASONS:
            if (agent->answer == FAILED)
                return FAILED;
            act(agent);
            agent->step = NEXT_TURN;
            if (!plan || agent->next_wave == plan->count || agent->turns_done != plan->after[agent->next_wave])
                break;
            agent->step = MEETS_TEAM;
            if (agent->now_s <= agent->engine->clock->now_s)
                break;
            put(agent->engine, agent->now_s, CATCHES_UP, agent);
            return STUCK;
        case MEETS_TEAM:
            agent->step = HAS_TEAM;
            send_out(agent, agent->next_wave++);
            return STUCK;
        default: /* HAS_TEAM */
            if (read_reports(agent) == FAILED)
                return FAILED;
            agent->step = NEXT_TURN;
        }
}

void go_on(Agent *agent)
{
    i64 state = work(agent);
    if (state != STUCK)
        end(agent, state);
}

void end(Agent *agent, i64 state)
{
    agent->answer = state;
    if (agent->now_s > agent->engine->clock->now_s)
        put(agent->engine, agent->now_s, ENDS, agent);
    else
        over(agent);
}

void over(Agent *agent)
{
    if (agent->team)
        worker_over(agent);
    else if (agent->shift)
        seat_over(agent);
    else
        task_over(agent->task, agent->answer);
}

void react(Agent *agent)
{
    settle(agent);
    go_on(agent);
}

void lead(Agent *agent, i64 job)
{
    settle(agent);
    agent->plan = planned(agent, job);
    if (agent->plan)
        go_on(agent);
}
