/* A task, its agents, their calls and teams: what `sim/agents/` and `sim/engine/dispatch.py` do.
 *
 * An agent goes on until it has to wait, and is called again when that is over: by the clock (clock.h), at the end of its call or of
 * its team. Where no call waits for another it only waits for its team. */
#ifndef AGENT_H
#define AGENT_H

#include "model.h"

/* Of an agent's prompt, as a backend keeps it. */
typedef struct {
    i64 tokens;
    double until_s;
} Kept;

typedef struct Agent Agent;
typedef struct User User;
typedef struct Team Team;
typedef struct Shift Shift;

struct Task {
    Engine *engine;
    const World *world;
    Job job;
    double effort;
    i64 backend; /* that serves all of it; below 0: nobody has said so */
    double thinks_until_s;
    Agent *root;
    Wait *given_up; /* calls of it, which count when it has ended */
    i64 given_up_count, given_up_room;
    Arena *arena;
    Agent *spare; /* that have ended: their places are free */
    User *user; /* who waits for its end; null: nobody */
    Task *before, *after;
};

struct User {
    i64 number, session;
};

/* The one that an agent has under way. */
typedef struct {
    i64 role, attempt, input_tokens, output_tokens, reasoning_tokens;
    i64 limited; /* its last attempt was turned away */
    double u_noise, u_error, t_request_s, t_start_s;
    Wait wait; /* of the attempts before */
} Call;

/* A team that is to start: `sim.agents.orchestrator.Wave`. */
typedef struct {
    i64 number;
    i64 job; /* turns that it shares out; below 0: the whole job */
    double unit;
} Wave;

/* Who had a place in the waves before, and has finished. */
typedef struct {
    i64 there, context;
    Kept *kept;
} Finished;

typedef struct {
    i64 count;
    Finished *places;
} Crew;

/* What a lead does between its turns. */
typedef struct {
    i64 count;
    i64 *after; /* of each wave: the turn after which it starts */
    i64 *jobs;  /* and what it shares out */
    i64 *less;  /* of each message: turns that others do; null: none */
    double unit;
    Crew *crew; /* null: nobody goes on */
} Plan;

struct Agent {
    Engine *engine;
    const World *world;
    Task *task;
    const Profile *profile;
    Agent *next; /* in a line, or among those that are spare */
    double now_s; /* where it has got to */
    i64 path, depth, role;
    u64 branch;
    /* Who is told of its end, and where it has its place there; neither: it is a root by itself. */
    Team *team;
    Shift *shift;
    i64 place;
    /* Its call. */
    Call call;
    i64 answer; /* what has become of it, or of all its work */
    i64 turn, backend, connected_to;
    double connected_until_s;
    /* Its work. */
    i64 requests, first_tokens, context, opening_turns, compactions;
    double output_scale, result_scale, turns_scale, reasoning_share, dropped_share;
    double turns; /* of a message, where its lead has fixed that; below 0: nobody has */
    i64 resumed, idle, substitute;
    i64 *helpers; /* by backend: sub-agents that have reported, where they count; null: none */
    /* Where it is in it. */
    i64 step, message, turns_done, turns_left, next_wave;
    double limit, wait_s; /* the longest prompt before a compaction; until it asks again */
    const Plan *plan;     /* null: it leads nobody */
    Team *sent_out;
    /* Its random numbers. The pages of later turns take the place of the first turns'. */
    double page[FIRST_PAGE], said[PAGE];
    Kept kept[]; /* by backend */
};

/* call.c */

/* Ask for an answer, in `wait_s`: COMPLETED, FAILED, or STUCK: the clock will go on with it when there is its answer. */
i64 send_call(Agent *agent, i64 role, i64 input_tokens, i64 output_tokens, i64 reasoning_tokens, double u_noise, double u_error,
              double wait_s);

/* What a call comes to on the clock (`clock.h`). */
void ask(Agent *agent);
void answered(Agent *agent);
void broke(Agent *agent);
void try_again(Agent *agent);

/* Ask the router for a backend. */
void choose(Agent *agent);

/* Nothing of the last prompt stands in the next one. */
void forget_prefix(Agent *agent);

/* agent.c */

/* A new agent, to whom all of its context is still to come; null where there is no memory. */
Agent *born(Task *task, const Profile *profile, i64 role, i64 path, u64 branch, i64 depth, double now_s);

/* It has ended, and all that it knew may be forgotten. */
void forget(Agent *agent);

/* Turns of a message, once it has settled. */
i64 turns_of(Agent *agent, double u_turns);

/* Begin to work through all messages; with a team where there is one to lead. */
void react(Agent *agent);
void lead(Agent *agent, i64 job);

/* Go on with what has become of its call or team, until it waits again or has ended. */
void go_on(Agent *agent);

/* It has ended: at once, or when the clock has come to where it is. */
void end(Agent *agent, i64 state);

/* Tell its team, its shift or its task. */
void over(Agent *agent);

/* team.c */

/* Put the waves between the lead's turns; null where there is no memory. */
const Plan *planned(Agent *lead, i64 job);

/* Send out the workers of a wave. The lead goes on when the last of them has ended. */
void send_out(Agent *lead, i64 wave);

/* Read their reports: FAILED where that ends the lead. */
i64 read_reports(Agent *lead);

/* A worker has ended. */
void worker_over(Agent *worker);

/* pipeline.c */

/* A root's life: it works in the first stage, and waits until the last is over. */
void pipeline(Agent *root);

/* An agent of a stage has ended. */
void seat_over(Agent *agent);

/* All of a stage have ended, and its root goes on to the next. */
void stage_over(Agent *root);

/* task.c */

/* A task begins, of which its number and its arrival are known. Null where there is no memory. */
Task *begun(Engine *engine, const World *world, const Job *job, User *user);

/* Its root has ended. */
void task_over(Task *task, i64 state);

/* A user thinks of the next task, or has had the last. */
void leave_off(Engine *engine, const World *world, User *user);

/* And sends it. */
void send_task(Engine *engine, const World *world, User *user);

/* Say what has become of it so far. */
void tell(const Task *task);

/* Free all that it had. */
void drop(Task *task);

#endif
