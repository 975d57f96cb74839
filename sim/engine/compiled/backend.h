/* What a backend is to a call. */
#ifndef BACKEND_H
#define BACKEND_H

#include "agent.h"

/* Tokens of a prompt that are read from the cache, and those that are written to it at a price (`PromptCache.split`). */
void split_prompt(const Backend *backend, const Kept *kept, i64 prompt, double now_s, i64 *read, i64 *write);

/* A row of an attempt, to which its tokens are still to be written; null where all is to end. */
Row *row_of(Agent *agent, i64 status, double start_s, double first_token_s, double end_s);

/* An attempt from its slot to its last byte, all of which is known from its start on (`Service.answer`). Returns when it ends; `fails`:
 * whether it comes to nothing. */
double serve(Agent *agent, int *fails);

/* Be turned away, be served now, or at the end of the line (`Backend.admit`). */
void admit(Agent *agent);

/* Its attempt is over: its slot goes straight to the head of the line (`Backend.release`). */
void release(Agent *agent);

/* call.c: an attempt on the clock has come to nothing: its call is given up, or tried again. */
void go_without(Agent *agent, double retry_after_s);

#endif
