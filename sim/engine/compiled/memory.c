#include "memory.h"

#include <stdlib.h>
#include <string.h>

#include "sums.h"

/* A chain of blocks, the newest first. Those of a usual size are used again by other tasks. */
struct Arena {
    Arena *before;
    size_t used, size;
    max_align_t content[];
};

static const size_t USUAL = 4096 - sizeof(Arena);

static Arena *block_of(Engine *engine, size_t size)
{
    Arena *block = engine->blocks;
    if (size <= USUAL && block) {
        engine->blocks = block->before;
        return block;
    }
    if (size < USUAL)
        size = USUAL;
    block = malloc(sizeof(Arena) + size);
    if (block)
        block->size = size;
    else
        engine->stopped = 1;
    return block;
}

void *room(Task *task, size_t size)
{
    Arena *block = task->arena;
    size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    if (!block || block->size - block->used < size) {
        Arena *more = block_of(task->engine, size);
        if (!more)
            return NULL;
        more->before = block, more->used = 0;
        task->arena = block = more;
    }
    void *found = (char *)block->content + block->used;
    block->used += size;
    return memset(found, 0, size);
}

void clear(Task *task)
{
    Engine *engine = task->engine;
    while (task->arena) {
        Arena *block = task->arena;
        task->arena = block->before;
        if (block->size == USUAL) {
            block->before = engine->blocks;
            engine->blocks = block;
        } else
            free(block);
    }
}

void free_blocks(Engine *engine)
{
    while (engine->blocks) {
        Arena *block = engine->blocks;
        engine->blocks = block->before;
        free(block);
    }
}

void *grown(Engine *engine, void *array, i64 count, i64 *most, size_t size)
{
    if (count < *most)
        return array;
    i64 wanted = *most ? 2 * *most : 64;
    void *more = realloc(array, (size_t)wanted * size);
    if (!more) {
        engine->stopped = 1;
        return NULL;
    }
    *most = wanted;
    return more;
}

static u64 hashed(i64 parent, i64 wave, i64 index)
{
    u64 mixed = (u64)parent * 0x9E3779B97F4A7C15ull ^ (u64)wave * 0xBB67AE8584CAA73Bull ^ (u64)index * 0xD2E7470EE14C6C93ull;
    return mixed ^ (mixed >> 29);
}

/* The table is four times as large as there is room for paths, so at least three in four of its places are free. */
static i64 *place_of_path(Engine *engine, i64 parent, i64 wave, i64 index)
{
    u64 last = (u64)(4 * engine->path_room) - 1, at = hashed(parent, wave, index) & last;
    for (;; at = (at + 1) & last) {
        i64 known = engine->path_places[at] - 1;
        if (known < 0)
            break;
        const Path *path = &engine->paths[known];
        if (path->parent == parent && path->wave == wave && path->index == index)
            break;
    }
    return &engine->path_places[at];
}

i64 path_of(Engine *engine, i64 parent, i64 wave, i64 index)
{
    if (engine->path_count) {
        i64 known = *place_of_path(engine, parent, wave, index);
        if (known)
            return known - 1;
    }
    i64 before = engine->path_room;
    Path *paths = grown(engine, engine->paths, engine->path_count, &engine->path_room, sizeof(Path));
    if (!paths)
        return 0;
    engine->paths = paths;
    if (engine->path_room != before) {
        free(engine->path_places);
        engine->path_places = calloc((size_t)(4 * engine->path_room), sizeof(i64));
        if (!engine->path_places) {
            engine->stopped = 1;
            engine->path_count = engine->path_room = 0;
            return 0;
        }
        for (i64 number = 0; number < engine->path_count; number++)
            *place_of_path(engine, paths[number].parent, paths[number].wave, paths[number].index) = number + 1;
    }
    *place_of_path(engine, parent, wave, index) = engine->path_count + 1;
    i64 stage = parent < 0 ? 0 : wave == STAGE_OF ? index : paths[parent].stage;
    paths[engine->path_count] = (Path){parent, wave, index, stage, 0};
    i64 number = engine->path_count++;
    if (engine->named())
        engine->stopped = 1;
    return number;
}

Row *next_row(Engine *engine)
{
    if (engine->stopped)
        return NULL;
    if (engine->row_count == engine->row_room) {
        carry_all(engine);
        if (engine->more_room()) {
            engine->stopped = 1;
            return NULL;
        }
    }
    return &engine->rows[engine->row_count++];
}

void outlasts(Engine *engine, i64 backend, double start_s, double end_s)
{
    Outlasting *more = grown(engine, engine->outlasting, engine->outlasting_count, &engine->outlasting_room, sizeof(Outlasting));
    if (!more)
        return;
    engine->outlasting = more;
    more[engine->outlasting_count++] = (Outlasting){backend, start_s, end_s};
}
