#include "sums.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

/* A list of prices: USD a token by kind, for prompts of more than so many tokens. `sim.backends.pricing.Rates`. */
enum { ABOVE, FRESH, READ, WRITE, OUTPUT, WRITE_1H, LIST };

/* The nearest whole number, of two the even one: `rint`, without a call. */
static double nearest(double value)
{
    static const double shift = 0x1.8p52;
    return fabs(value) < 0x1p51 ? (value + shift) - shift : rint(value);
}

/* `sim.meter.sums.split` */
static void split(double value, double part[PARTS])
{
    double rest = value * 0x1p14;
    part[0] = nearest(rest);
    rest = (rest - part[0]) * 0x1p30;
    part[1] = nearest(rest);
    rest = (rest - part[1]) * 0x1p40;
    part[2] = nearest(rest);
}

static void add_parts(Exact *sum, const double part[PARTS])
{
    for (int at = 0; at < PARTS; at++)
        sum->part[at] += (i64)part[at];
}

void add_exactly(Exact *sum, double value)
{
    double part[PARTS];
    if (value == 0.0)
        return;
    split(value, part);
    add_parts(sum, part);
}

void carry(Exact *sum)
{
    sum->part[1] += sum->part[2] >> 40;
    sum->part[2] &= (1ll << 40) - 1;
    sum->part[0] += sum->part[1] >> 30;
    sum->part[1] &= (1ll << 30) - 1;
}

/* The bill of a row by kind of token, and fees (`Price.dollars_of`); returns all of it. */
static double priced(const World *world, const Backend *backend, const Row *row, double dollars[DOLLARS])
{
    const double *list = world->numbers + backend->lists;
    for (i64 left = backend->lists_count - 1; left && (double)row->input_tokens > list[LIST + ABOVE]; left--)
        list += LIST;
    double read = row->cache_read_tokens, write = row->cache_write_tokens, output = row->output_tokens;
    double rest_of_head = (double)backend->cache_head - read;
    double for_an_hour = rest_of_head < 0.0 ? 0.0 : rest_of_head;
    if (write < for_an_hour)
        for_an_hour = write;
    dollars[0] = ((double)row->input_tokens - (read + write)) * list[FRESH];
    dollars[1] = read * list[READ];
    dollars[2] = (write - for_an_hour) * list[WRITE] + for_an_hour * list[WRITE_1H];
    dollars[3] = output * list[OUTPUT];
    dollars[4] = row->input_tokens + output > 0.0 ? backend->fee_usd : 0.0;
    return dollars[0] + dollars[1] + dollars[2] + dollars[3] + dollars[4];
}

/* 64 bits of a row, with the word of its agent's path in the place of its number (`sim.meter.digest.of_rows`). */
static u64 mixed(const Engine *engine, const Row *row)
{
    u64 words[11] = {0}, found = 1;
    Row named = *row;
    named.agent = (uint32_t)engine->paths[row->agent].word;
    memcpy(words, &named, sizeof named);
    for (int at = 0; at < 11; at++)
        found += words[at] * engine->sums->factors[at];
    found = (found ^ (found >> 32)) * 0xD6E8FEB86659FD93ull;
    found = (found ^ (found >> 29)) * 0xA0761D6478BD642Full;
    return found ^ (found >> 32);
}

/* The table is four times as large as there is room for minutes. */
static i64 *place_of_minute(Sums *sums, i64 minute, i64 backend)
{
    u64 last = (u64)(4 * sums->minute_room) - 1, at = ((u64)minute * 0x9E3779B97F4A7C15ull + (u64)backend * 0xBB67AE8584CAA73Bull) >> 20;
    for (at &= last;; at = (at + 1) & last) {
        const MinuteSums *known = &sums->minutes[sums->minute_places[at] - 1];
        if (!sums->minute_places[at] || (known->minute == minute && known->backend == backend))
            return &sums->minute_places[at];
    }
}

static MinuteSums *minute_of(Engine *engine, i64 minute, i64 backend)
{
    Sums *sums = engine->sums;
    i64 before = sums->minute_room;
    if (before) {
        i64 known = *place_of_minute(sums, minute, backend);
        if (known)
            return &sums->minutes[known - 1];
    }
    MinuteSums *minutes = grown(engine, sums->minutes, sums->minute_count, &sums->minute_room, sizeof(MinuteSums));
    if (!minutes)
        return NULL;
    sums->minutes = minutes;
    if (sums->minute_room != before) {
        free(sums->minute_places);
        sums->minute_places = calloc((size_t)(4 * sums->minute_room), sizeof(i64));
        if (!sums->minute_places) {
            engine->stopped = 1;
            sums->minute_count = sums->minute_room = 0;
            return NULL;
        }
        for (i64 at = 0; at < sums->minute_count; at++)
            *place_of_minute(sums, minutes[at].minute, minutes[at].backend) = at + 1;
    }
    *place_of_minute(sums, minute, backend) = sums->minute_count + 1;
    minutes[sums->minute_count] = (MinuteSums){.minute = minute, .backend = backend};
    return &minutes[sums->minute_count++];
}

/* `Tally.add_calls`, `Tally.add_stages`, `WaitsOfCalls.add_calls`, `OpenTasks.add` and `RunDigest.add_calls`, of one row. */
void add_row(Engine *engine, const World *world, Row *row, Spent *spent)
{
    Sums *sums = engine->sums;
    if (!sums)
        return;
    BackendSums *backend = &sums->backends[row->backend];
    RoleSums *role = &sums->roles[row->role];
    MinuteSums *minute = minute_of(engine, (i64)(row->t_end_s / 60.0), row->backend);
    if (!minute)
        return;
    double dollars[DOLLARS], cost[PARTS], in_line_s = row->t_start_s - row->t_request_s;
    const uint32_t kinds[TOKENS] = {row->input_tokens, row->cache_read_tokens, row->cache_write_tokens, row->output_tokens,
                                    row->reasoning_tokens};
    i64 tokens = (i64)row->input_tokens + row->output_tokens;
    row->cost_usd = priced(world, &world->backends[row->backend], row, dollars);
    split(row->cost_usd, cost);
    for (int kind = 0; kind < TOKENS; kind++) {
        backend->tokens[kind] += kinds[kind];
        spent->tokens[kind] += kinds[kind];
    }
    for (int kind = 0; kind < TOKENS - 1; kind++)
        minute->tokens[kind] += kinds[kind];
    for (int at = 0; at < PARTS; at++) {
        minute->cost[at] += cost[at];
        spent->cost[at] += cost[at];
    }
    minute->calls++;
    spent->calls++;
    backend->attempts[row->status]++;
    for (int kind = 0; kind < DOLLARS; kind++)
        add_exactly(&backend->dollars[kind], dollars[kind]);
    add_exactly(&backend->busy, row->t_end_s - row->t_start_s);
    add_exactly(&backend->in_line, in_line_s);
    add_parts(&role->cost, cost);
    add_parts(&sums->cost, cost);
    if (row->status == OK) {
        role->answers++;
        role->tokens += tokens;
        if (!row->attempt && in_line_s != 0.0)
            sums->lines[sums->line_count++] = in_line_s;
        else
            sums->at_once += !row->attempt;
        sums->compactions += row->role == ROLE_OF_COMPACTION;
        sums->latencies[sums->latency_count++] = row->t_end_s - row->t_request_s;
    } else
        add_parts(&sums->failed, cost);
    i64 place = row->role == CHAT ? -1 : engine->paths[row->agent].stage;
    if (world->stage_count && place >= 0) {
        StageSums *stage = &sums->stages[place];
        stage->begun += !row->turn && !row->attempt && row->role != ROLE_OF_COMPACTION;
        stage->tokens += tokens;
        add_parts(&stage->cost, cost);
    }
    sums->digest += mixed(engine, row);
}

void carry_all(Engine *engine)
{
    Sums *sums = engine->sums;
    if (!sums)
        return;
    for (i64 at = 0; at < sums->backend_count; at++) {
        for (int kind = 0; kind < DOLLARS; kind++)
            carry(&sums->backends[at].dollars[kind]);
        carry(&sums->backends[at].busy);
        carry(&sums->backends[at].in_line);
    }
    for (i64 at = 0; at < ROLES; at++)
        carry(&sums->roles[at].cost);
    for (i64 at = 0; at < sums->stage_count; at++)
        carry(&sums->stages[at].cost);
    carry(&sums->cost);
    carry(&sums->failed);
}

void call_answered(Engine *engine, const Wait *wait)
{
    Sums *sums = engine->sums;
    Wait *waits = sums ? grown(engine, sums->waits, sums->wait_count, &sums->wait_room, sizeof(Wait)) : NULL;
    if (!waits)
        return;
    sums->waits = waits;
    waits[sums->wait_count++] = *wait;
}

void call_given_up(Task *task, const Wait *wait)
{
    Wait *waits = grown(task->engine, task->given_up, task->given_up_count, &task->given_up_room, sizeof(Wait));
    if (!waits)
        return;
    task->given_up = waits;
    waits[task->given_up_count++] = *wait;
}

void tell_given_up(Task *task)
{
    for (i64 at = 0; at < task->given_up_count; at++)
        call_answered(task->engine, &task->given_up[at]);
    task->given_up_count = 0;
}

Sums *sums_new(i64 backends, i64 stages)
{
    Sums *sums = calloc(1, sizeof(Sums));
    if (!sums)
        return NULL;
    sums->backend_count = backends, sums->stage_count = stages;
    sums->backends = calloc((size_t)backends, sizeof(BackendSums));
    sums->stages = calloc((size_t)stages + 1, sizeof(StageSums));
    if (sums->backends && sums->stages)
        return sums;
    sums_free(sums);
    return NULL;
}

void sums_free(Sums *sums)
{
    if (!sums)
        return;
    free(sums->backends);
    free(sums->stages);
    free(sums->minutes);
    free(sums->minute_places);
    free(sums->waits);
    free(sums);
}
