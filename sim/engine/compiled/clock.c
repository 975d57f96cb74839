#include "clock.h"

#include "memory.h"

/* Without branches: nobody could guess which way they go. */
static int earlier(const Event *one, const Event *other)
{
    return (one->at_s < other->at_s) | ((one->at_s == other->at_s) & (one->order < other->order));
}

void put(Engine *engine, double at_s, i64 kind, void *who)
{
    Clock *clock = engine->clock;
    Event *heap = grown(engine, clock->heap, clock->count, &clock->room, sizeof(Event));
    if (!heap)
        return;
    clock->heap = heap;
    Event event = {at_s, clock->put++ * KINDS + (u64)kind, who};
    i64 at = clock->count++;
    for (i64 above; at && earlier(&event, &heap[above = (at - 1) / 4]); at = above)
        heap[at] = heap[above];
    heap[at] = event;
}

static Event next_event(Clock *clock)
{
    Event *heap = clock->heap, first = heap[0], last = heap[--clock->count];
    for (i64 at = 0;;) {
        i64 least = 4 * at + 1, end = least + 4 < clock->count ? least + 4 : clock->count;
        if (least >= clock->count) {
            heap[at] = last;
            return first;
        }
        for (i64 other = least + 1; other < end; other++)
            least = earlier(&heap[other], &heap[least]) ? other : least;
        if (!earlier(&heap[least], &last)) {
            heap[at] = last;
            return first;
        }
        heap[at] = heap[least];
        at = least;
    }
}

void arrive(Engine *engine, const World *world)
{
    Clock *clock = engine->clock;
    do {
        clock->job_count--;
        begun(engine, world, clock->jobs++, NULL);
    } while (clock->job_count && clock->jobs->follows && !engine->stopped && !engine->beyond);
    if (clock->job_count)
        put(engine, clock->jobs->t_arrive_s, ARRIVES, NULL);
}

static void happen(Engine *engine, const World *world, Event event)
{
    Agent *who = event.who;
    i64 kind = (i64)(event.order % KINDS);
    if (kind < ARRIVES)
        who->now_s = event.at_s;
    switch (kind) {
    case ASKS:
        ask(who);
        break;
    case IS_ANSWERED:
        answered(who);
        break;
    case BREAKS:
        broke(who);
        break;
    case TRIES_AGAIN:
        try_again(who);
        break;
    case ENDS:
        over(who);
        break;
    case STAGE_ENDS:
        stage_over(who);
        break;
    case ARRIVES:
        arrive(engine, world);
        break;
    case SENDS:
        send_task(engine, world, event.who);
        break;
    case HAS_ANSWER:
        leave_off(engine, world, event.who);
        break;
    default: /* GIVES_UP, CATCHES_UP, TEAM_ENDS */
        go_on(who);
    }
}

i64 turn_clock(Engine *engine, const World *world)
{
    Clock *clock = engine->clock;
    while (clock->count && clock->heap[0].at_s < world->horizon_s && (clock->job_count || !clock->more_to_come)) {
        Event event = next_event(clock);
        fetch(clock->heap[0].who); /* likely to be next */
        clock->now_s = event.at_s;
        happen(engine, world, event);
        if (engine->stopped || engine->beyond)
            return 0;
        if (engine->told_count >= clock->most_told)
            return 1;
    }
    return 0;
}
