/* An agent's life: `sim/agents/agent.py`, `react.py` and `context.py`. */
#include "agent.h"

#include <math.h>
#include <string.h>

#include "luck.h"
#include "memory.h"

static const i64 MOST_TURNS = 1ll << 31;

int be_born(Agent *agent, Engine *engine, const World *world, Task *task, const Profile *profile, i64 role, i64 path, u64 branch,
            i64 depth, double now_s)
{
    memset(agent, 0, sizeof *agent);
    agent->engine = engine, agent->world = world, agent->task = task, agent->profile = profile;
    agent->role = role, agent->path = path, agent->branch = branch, agent->depth = depth, agent->now_s = now_s;
    agent->backend = agent->connected_to = -1;
    agent->turns = -1.0;
    agent->kept = room(engine, (size_t)world->backend_count * sizeof(Kept));
    if (!agent->kept)
        return 0;
    task->agents++;
    engine->agents++;
    page(world, TURN, task->id, branch, 0, agent->page, FIRST_PAGE);
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
    return 1;
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

/* Meet the backend; returns the longest prompt that is sent before a compaction (`Agent.settle`). */
static double settle(Agent *agent)
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
    return profile->window_tokens < 0 ? limit : lesser(limit, fit(agent, u_compact));
}

/* Summarise the history (`sim.agents.context.compact`). */
static int compact(Agent *agent, i64 turn, double wait_s)
{
    const Profile *profile = agent->profile;
    double luck[4];
    page(agent->world, COMPACTION, agent->task->id, agent->branch, (u64)agent->compactions++, luck, 4);
    i64 summary = whole(agent->engine, agent->world, profile->summary_tokens, luck[0], 1);
    i64 window = agent->world->backends[agent->backend].window;
    i64 prompt = agent->context < window ? agent->context : window;
    int state = send_call(agent, turn, ROLE_OF_COMPACTION, prompt, summary, 0, luck[1], luck[2], wait_s);
    forget_prefix(agent);
    agent->context = agent->first_tokens + summary + whole(agent->engine, agent->world, profile->restore_tokens, luck[3], 0);
    return state;
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
    task->thinking_s += seconds;
    task->thinks_until_s = now_s + seconds;
}

/* `sim.agents.react.react`, with a plan's waves after some of the turns. */
static int work(Agent *agent, const Plan *plan, double limit)
{
    Engine *engine = agent->engine;
    const World *world = agent->world;
    const Profile *profile = agent->profile;
    Task *task = agent->task;
    double later[PAGE], said[PAGE], u_turns = agent->page[FIRST_MESSAGE], wait_s = 0.0;
    const double *row = agent->page + FIRST_TURN, *end = agent->page + FIRST_PAGE;
    i64 turn = 0, next_wave = 0;
    for (i64 message = 0; message < agent->requests; message++) {
        if (message) {
            i64 place = (message - 1) % ROWS;
            if (!place)
                page(world, MESSAGE, task->id, agent->branch, (u64)((message - 1) / ROWS), said, PAGE);
            const double *u = said + place * COLUMNS; /* in the order of `decisions.MESSAGE` */
            u_turns = u[0];
            wait_s = draw(world, profile->think_time_s, u[2]);
            wait_for_user(task, agent->now_s, wait_s);
            agent->context += whole(engine, world, profile->request_tokens, u[1], 0);
        }
        i64 turns = turns_of(agent, u_turns) - (plan && plan->less ? plan->less[message] : 0);
        for (i64 left = turns - 1; left >= 0; left--) {
            if (row == end) {
                page(world, TURN, task->id, agent->branch, (u64)(turn / ROWS), later, PAGE);
                row = later;
                end = later + PAGE;
            }
            /* In the order of `decisions.FIRST_TURNS`. */
            double u_output = row[0], u_result = row[1], u_tool = row[2], u_noise = row[3], u_error = row[4], u_rewrite = row[5];
            row += COLUMNS;
            int state;
            if ((double)agent->context > limit) {
                state = compact(agent, turn, wait_s);
                if (state != COMPLETED)
                    return state;
                wait_s = 0.0;
            }
            if (u_rewrite < profile->rewrite_rate)
                forget_prefix(agent);
            i64 output = cut(engine, draw(world, profile->output_tokens, u_output) * agent->output_scale + 0.5);
            if (!output)
                output = 1;
            i64 reasoning = agent->reasoning_share != 0.0 ? (i64)((double)output * agent->reasoning_share + 0.5) : 0;
            state = send_call(agent, turn, agent->role, agent->context, output, reasoning, u_noise, u_error, wait_s);
            if (state != COMPLETED)
                return state;
            turn++;
            agent->context += agent->dropped_share != 0.0 ? output - (i64)((double)output * agent->dropped_share + 0.5) : output;
            if (left) {
                i64 result_of = turn > agent->opening_turns ? profile->tool_result_tokens : profile->opening_result_tokens;
                agent->context += cut(engine, draw(world, result_of, u_result) * agent->result_scale + 0.5);
                wait_s = draw(world, profile->tool_time_s, u_tool);
            }
            cut(engine, (double)agent->context);
            if (engine->beyond)
                return FAILED;
            if (plan && next_wave < plan->count && turn == plan->after[next_wave]) {
                Wave wave = {next_wave, plan->jobs[next_wave], plan->unit};
                next_wave++;
                state = live_with_team(agent, &wave, plan->crew);
                if (state != COMPLETED)
                    return state;
            }
        }
    }
    return COMPLETED;
}

int react(Agent *agent)
{
    return work(agent, NULL, settle(agent));
}

int lead(Agent *agent, i64 job)
{
    const Team *team = &agent->world->team;
    double limit = settle(agent);
    if (!team->planned) {
        i64 after = team->spawn_after_turn;
        Plan one = {.count = 1, .after = &after, .jobs = &job, .less = NULL, .unit = 0.0, .crew = NULL};
        return work(agent, &one, limit);
    }
    Plan plan;
    return make_plan(agent, job, &plan) ? work(agent, &plan, limit) : STUCK;
}
