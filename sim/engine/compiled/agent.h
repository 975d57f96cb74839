/* An agent, its calls and its team: what `sim/agents/` and `sim/engine/dispatch.py` do, one agent after another instead of one event. */
#ifndef AGENT_H
#define AGENT_H

#include "model.h"

/* Of an agent's prompt, as a backend keeps it. */
typedef struct {
    i64 tokens;
    double until_s;
} Kept;

typedef struct {
    u64 id;
    double effort;
    i64 backend; /* that serves all of it; below 0: nobody has said so */
    double thinking_s, thinks_until_s;
    i64 agents, capped;
} Task;

typedef struct {
    Engine *engine;
    const World *world;
    Task *task;
    const Profile *profile;
    double now_s; /* where it has got to */
    i64 path, depth, role;
    u64 branch;
    /* Its call. */
    i64 turn, backend, connected_to;
    double connected_until_s;
    Kept *kept; /* by backend */
    /* Its work. */
    double page[FIRST_PAGE];
    i64 requests, first_tokens, context, opening_turns, compactions;
    double output_scale, result_scale, turns_scale, reasoning_share, dropped_share;
    double turns; /* of a message, where its lead has fixed that; below 0: nobody has */
    i64 resumed, idle;
    i64 *helpers; /* by backend: sub-agents that have reported, where they count; null: none */
} Agent;

/* A team that is to start: `sim.agents.orchestrator.Wave`. */
typedef struct {
    i64 number;
    i64 job; /* turns that it shares out; below 0: the whole job */
    double unit;
} Wave;

/* Who had a place in the waves before, and has finished. */
typedef struct {
    i64 there, context;
    const Kept *kept;
} Finished;

typedef struct {
    i64 count;
    Finished *places;
} Crew;

/* What a lead does between its turns. */
typedef struct {
    i64 count;
    i64 *after;    /* of each wave: the turn after which it starts */
    i64 *jobs;     /* and what it shares out */
    i64 *less;     /* of each message: turns that others do; null: none */
    double unit;
    Crew *crew;    /* null: nobody goes on */
} Plan;

/* call.c */

/* A call's whole life, attempt by attempt: STUCK, FAILED or COMPLETED. */
int send_call(Agent *agent, i64 turn, i64 role, i64 input_tokens, i64 output_tokens, i64 reasoning_tokens, double u_noise, double u_error,
         double wait_s);

/* Ask the router for a backend. */
void choose(Agent *agent);

/* Nothing of the last prompt stands in the next one. */
void forget_prefix(Agent *agent);

/* agent.c */

/* A new agent, to whom all of its context is still to come; 0 where there is no memory. */
int be_born(Agent *agent, Engine *engine, const World *world, Task *task, const Profile *profile, i64 role, i64 path, u64 branch,
            i64 depth, double now_s);

/* Turns of a message, once it has settled. */
i64 turns_of(Agent *agent, double u_turns);

/* Work through all messages; with a team where there is one to lead. */
int react(Agent *agent);
int lead(Agent *agent, i64 job);

/* team.c */

/* Put the waves between the lead's turns; 0 where there is no memory. */
int make_plan(Agent *lead, i64 job, Plan *plan);

/* Start the workers of a wave, wait for the last of them, read their reports. */
int live_with_team(Agent *lead, const Wave *wave, Crew *crew);

/* pipeline.c */

/* A root's life: it works in the first stage, and waits until the last is over. */
int pipeline(Agent *root);

#endif
