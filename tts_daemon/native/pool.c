/* Threads that share the parts of one job at a time. Between calls they sleep; within a call, where one
 * convolution follows another after some microseconds, they look for the next job for a moment first. */
#define _GNU_SOURCE
#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "vocoder.h"

enum { LOOKS = 2000 }; /* 10 to 30 microseconds */

struct worker {
  struct pool *pool;
  pthread_t thread;
  int part;
};

struct pool {
  int threads;
  pthread_mutex_t taken; /* by a call */
  pthread_mutex_t lock;
  pthread_cond_t wake;
  atomic_uint number; /* of the job */
  atomic_int left;    /* workers that have not done theirs */
  atomic_bool busy, ended;
  job *run;
  void *argument;
  int parts;
  struct worker workers[MOST_THREADS];
};

static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  __asm__ volatile("yield");
#endif
}

/* Wait for another job than `seen`; its number. */
static unsigned next_job(struct pool *p, unsigned seen) {
  for (int look = 0; look < LOOKS && atomic_load(&p->busy); look++) {
    if (atomic_load(&p->number) != seen) return seen + 1;
    pause_briefly();
  }
  pthread_mutex_lock(&p->lock);
  while (atomic_load(&p->number) == seen) pthread_cond_wait(&p->wake, &p->lock);
  pthread_mutex_unlock(&p->lock);
  return seen + 1;
}

static void *work(void *argument) {
  struct worker *w = argument;
  struct pool *p = w->pool;
  unsigned seen = 0;
  for (;;) {
    seen = next_job(p, seen);
    if (atomic_load(&p->ended)) return NULL;
    if (w->part < p->parts) p->run(p->argument, w->part, p->parts);
    atomic_fetch_sub(&p->left, 1);
  }
}

static void announce(struct pool *p) {
  pthread_mutex_lock(&p->lock);
  atomic_fetch_add(&p->number, 1);
  pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->lock);
}

struct pool *pool_open(int32_t threads) {
  if (threads < 1) threads = 1;
  if (threads > MOST_THREADS) threads = MOST_THREADS;
  struct pool *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  pthread_mutex_init(&p->taken, NULL);
  pthread_mutex_init(&p->lock, NULL);
  pthread_cond_init(&p->wake, NULL);
  p->threads = 1;
  for (int i = 1; i < threads; i++, p->threads++) {
    p->workers[i] = (struct worker){.pool = p, .part = i};
    if (pthread_create(&p->workers[i].thread, NULL, work, &p->workers[i])) break;
  }
  return p;
}

void pool_close(struct pool *p) {
  if (!p) return;
  atomic_store(&p->ended, true);
  announce(p);
  for (int i = 1; i < p->threads; i++) pthread_join(p->workers[i].thread, NULL);
  pthread_cond_destroy(&p->wake);
  pthread_mutex_destroy(&p->lock);
  pthread_mutex_destroy(&p->taken);
  free(p);
}

int pool_enter(struct pool *p) {
  if (!p || p->threads == 1 || pthread_mutex_trylock(&p->taken)) return 1;
  atomic_store(&p->busy, true);
  return p->threads;
}

void pool_leave(struct pool *p, int parts) {
  if (parts == 1) return;
  atomic_store(&p->busy, false);
  pthread_mutex_unlock(&p->taken);
}

void pool_share(struct pool *p, int parts, job *run, void *argument) {
  if (parts <= 1) {
    run(argument, 0, 1);
    return;
  }
  p->run = run;
  p->argument = argument;
  p->parts = parts;
  atomic_store(&p->left, p->threads - 1);
  announce(p);
  run(argument, 0, parts);
  for (int look = 0; atomic_load(&p->left); look++)
    if (look < LOOKS) pause_briefly();
    else sched_yield();
}
