/* The model as tables, and what a task leaves: `tables.py` fills in the first, `desk.py` reads the second.
 *
 * Every field is eight bytes, so that both sides see the same layout. Names are those of the Python model. */
#ifndef MODEL_H
#define MODEL_H

#include <stdint.h>

typedef int64_t i64;
typedef uint64_t u64;

/* sim/sampling/decisions.py */
enum { ARRIVAL = 1, TASK = 2, TURN = 3, MESSAGE = 4, RETRY = 5, COMPACTION = 6, ROUTE = 7, TRY = 8, STAGE = 11, TEAM = 12, PURPOSES = 13 };

/* sim/sampling/streams.py: a page has ROWS rows of COLUMNS decisions. */
enum { COLUMNS = 6, ROWS = 10, PAGE = ROWS * COLUMNS, FIRST_PAGE = (3 + ROWS) * COLUMNS, FIRST_MESSAGE = 12, FIRST_TURN = 18 };

/* sim/call.py */
enum { CHAT, AGENT, LEAD, WORKER, ROLE_OF_COMPACTION, ROLES = 6 };
enum { OK = 0, ERROR = 1, RATE_LIMITED = 2, TOO_LONG = 5, STATUSES = 6 };

/* What limits are on: requests, input, output, input and output. */
enum { LIMITS = 4 };

/* sim/meter/tally.py and sums.py: kinds of tokens and of dollars, parts of an exact sum. */
enum { TOKENS = 5, DOLLARS = 5, PARTS = 3 };

/* Kinds of distribution: sim/sampling/shapes.py and counts.py. */
enum { CONSTANT, EXPONENTIAL, LOGNORMAL, WEIBULL, BASS, UNIFORM, NORMAL, GEOMETRIC, BERNOULLI, POISSON, VALUES, QUANTILES, TWO, MIXTURE,
       BOUNDED };

typedef struct {
    i64 kind;
    i64 count;    /* of its numbers, or parts */
    i64 numbers;  /* where its numbers begin */
    i64 parts;    /* where its parts begin, among `World.parts` */
    double a, b, c;
} Law;

/* A number stands for a law by its place; below 0: none. */
typedef struct {
    i64 system_tokens, opening_turns;
    double turns_exponent, reasoning_share, keep_reasoning, rewrite_rate, resumed_turns, compact_at_share;
    i64 prompt_tokens, prior_tokens, requests, request_tokens, turns, turns_scale, output_tokens, output_scale, tool_result_tokens,
        opening_result_tokens, result_scale, tool_time_s, think_time_s, compact_at_tokens, window_tokens, summary_tokens, restore_tokens;
} Profile;

typedef struct {
    double error_rate, rtt_s, handshake_s, idle_s, constant_s, s_per_fresh, s_per_context, s_per_output, sigma;
    double cache_ttl_s, head_ttl_s;
    i64 cache_minimum, cache_head, cache_explicit;
    i64 window, forgets, bills_everything;
    double turn_multiplier, verbosity, reasoning_share; /* of the last: nan is none of its own */
    i64 batch_latency_s;
    /* Where calls meet: how many at once, how many in line, and what passes in a while (`Bucket`; 0 seconds a unit: all). */
    i64 slots, queue_limit, limited, reads_count;
    double s_per_unit[LIMITS], burst_s[LIMITS];
    double fee_usd;
    i64 lists, lists_count; /* of prices, where they begin among `World.numbers`: six numbers each, as in sums.c */
} Backend;

enum { BY_ROLE, WEIGHTED };
enum { PER_AGENT, PER_CALL, PER_TASK };

typedef struct {
    i64 policy, per;
    i64 of_role[ROLES];
    i64 edges; /* weighted: where they begin among `World.numbers`; one fewer than backends */
} Router;

enum { FULL_JITTER, EXPONENTIAL_BACKOFF, FIXED_BACKOFF };

typedef struct {
    i64 attempts, backoff, heeds_retry_after;
    double base_s, cap_s;
} Retry;

enum { GO_ON, SEND_ANOTHER, FAIL };

typedef struct {
    i64 leads; /* whether roots lead a team at all */
    i64 counts_helpers;
    i64 depth, spawn_after_turn, turns_per_wave, max_parallel, inherit_context, divide, warmup_turns, on_worker_failure, planned, led;
    double delegated_share, resumed_share;
    i64 fanout, waves, report_tokens;
} Teams;

/* One of a pipeline. */
typedef struct {
    Profile profile;
    i64 role, verifies, judges;
    i64 each;               /* the stage that finds what it works on; below 0: none */
    i64 reads, reads_count; /* among `World.parts`: stages whose reports are in its prompts */
    i64 width, items, report_tokens;
    double passes;
} Stage;

typedef struct {
    const Law *laws;
    const double *numbers;
    const i64 *parts;
    const Backend *backends;
    i64 backend_count;
    const Stage *stages;
    i64 stage_count; /* 0: it is no pipeline */
    i64 max_agents, at_cap_stops;
    double horizon_s, chat_share, effort;
    i64 users, sessions, session_gap_s; /* who send the next task when one has ended, how many each; below 0: no end */
    i64 role; /* of roots */
    Profile lead, worker, chat;
    Router router;
    Retry retry;
    Teams team;
    u64 keys[PURPOSES][2]; /* of random numbers, by purpose */
} World;

/* sim/columns.py: a row of a call, packed. */
#pragma pack(push, 1)
typedef struct {
    u64 task;
    uint32_t agent;
    uint8_t depth;
    uint32_t turn;
    uint8_t attempt, role, backend, status;
    double t_request_s, t_start_s, t_first_token_s, t_end_s;
    uint32_t input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens;
    double cost_usd;
} Row;
#pragma pack(pop)

/* An agent's path: the `index`-th of a lead's workers in a wave, or the substitute of another agent; or in a pipeline. */
typedef struct {
    i64 parent, wave, index;
    i64 stage; /* of a pipeline, that its calls belong to; below 0: none */
    u64 word;  /* that stands for its name in the digest: whoever names it writes it here */
} Path;

enum { SUBSTITUTE = -1 };             /* in the place of `index` */
enum { STAGE_OF = -1, VERIFIES = -2 }; /* in the place of `wave`: what a stage's paths begin with; an agent who verifies */

/* An attempt that outlasts the run. */
typedef struct {
    i64 backend;
    double start_s, end_s;
} Outlasting;

/* A sum of floats as whole numbers of 2^-14, 2^-44 and 2^-84: the same in whatever order it is taken (sim/meter/sums.py). */
typedef struct {
    i64 part[PARTS];
} Exact;

/* sim/meter/tally.py, by backend, role, stage, and minute and backend. */
typedef struct {
    i64 tokens[TOKENS], attempts[STATUSES];
    Exact dollars[DOLLARS], busy, in_line;
} BackendSums;

typedef struct {
    i64 answers, tokens;
    Exact cost;
} RoleSums;

typedef struct {
    i64 begun, tokens;
    Exact cost;
} StageSums;

typedef struct {
    i64 minute, backend;
    double calls, tokens[TOKENS - 1], cost[PARTS];
} MinuteSums;

/* Of a task: sim/meter/rows.py. */
typedef struct {
    double calls, tokens[TOKENS], cost[PARTS];
} Spent;

/* How long a call waited that was not answered at its first attempt (sim/meter/waits.py). */
typedef struct {
    double line_s, limit_s, backoff_s, broken_s;
    i64 refused; /* it was turned away at least once */
} Wait;

/* What the rows add up to so far. */
typedef struct {
    i64 backend_count, stage_count;
    BackendSums *backends;
    RoleSums roles[ROLES];
    StageSums *stages;
    Exact cost, failed;
    i64 compactions, at_once;
    u64 factors[11], digest; /* of a row's words: sim/meter/digest.py */
    MinuteSums *minutes;
    i64 minute_count, minute_room;
    i64 *minute_places;
    /* Of the rows in the buffer: how long answers took, and first attempts stood in line; and other calls that waited. */
    double *latencies, *lines;
    i64 latency_count, line_count;
    Wait *waits;
    i64 wait_count, wait_room;
} Sums;

/* One of many: what is known of it, then its luck and what has become of it. */
typedef struct {
    u64 number;
    double t_arrive_s, t_end_s, thinking_s, u_difficulty, u_score;
    i64 user, follows; /* whose it is; it comes together with the one before it */
    i64 chats, state, agents, requests, turn, backend, capped;
    Spent spent;
} Job;

typedef struct Arena Arena;
typedef struct Clock Clock;
typedef struct Task Task;

typedef struct {
    /* What the meter gives: room for rows, and a function that makes more. It returns 0, or else all is to end. */
    Row *rows;
    i64 row_count, row_room;
    int (*more_room)(void);
    int (*named)(void); /* names the paths that are new, and returns the same */
    double (*after)(double now_s, double usual_s); /* where demand changes (`Demand.after`); null: it never does */
    double arrived_s; /* when the task came that is lived: all that start before are recorded */
    Sums *sums; /* null: the meter adds its rows up itself */
    /* What is counted, over all tasks so far. */
    i64 requested, given_up, trying_again, agents, verifiers;
    i64 *in_service, *in_line; /* by backend */
    /* What grows. */
    Path *paths;
    i64 path_count, path_room;
    i64 *path_places; /* a table of hashed paths */
    Outlasting *outlasting;
    i64 outlasting_count, outlasting_room;
    Job *told; /* tasks that have ended, until they are taken */
    i64 told_count, told_room;
    /* Its own. */
    i64 on_clock; /* calls may meet one another: else each is known to its end when it starts */
    Arena *blocks; /* of memory that nobody uses now */
    Clock *clock;
    Task *first, *last; /* that are there, in the order in which they came */
    /* Why what was done is worth nothing. */
    i64 beyond;  /* a number that whole numbers of 53 bits, or a row, do not hold: the clock has to say what comes of it */
    i64 stopped; /* `more_room` said so, or there is no memory */
} Engine;

/* What has become of a task, an agent or a call. STUCK: nothing yet, and at the run's end nothing any more. */
enum { STUCK, FAILED, COMPLETED };

typedef struct {
    Job job;
    const i64 *helpers; /* by backend: sub-agents that have reported; null: none */
} Lived;

#endif
