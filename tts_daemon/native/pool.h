/* Threads that share the parts of one job at a time. */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>

struct pool;

enum { MOST_THREADS = 64 };

typedef void job(void *argument, int part, int parts);

/* Take the pool for a while: how many parts a job may have. 1 where another call has it. */
int pool_enter(struct pool *);
void pool_leave(struct pool *, int parts);

/* Run all parts of a job, one of them in this thread; returns when all are done. */
void pool_share(struct pool *, int parts, job *, void *argument);

#endif
