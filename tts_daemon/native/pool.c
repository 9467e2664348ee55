/* Threads that share the parts of one job at a time. Between calls they sleep; within a call, where one
 * convolution follows another after some microseconds, they look for the next job for a moment first.
 * Parts are taken, not dealt: where the system gives a thread no core, the caller does its part as well. */
#define _GNU_SOURCE
#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "vocoder.h"

enum { LOOKS = 2000 }; /* 10 to 30 microseconds */

struct pool {
  int threads;
  pthread_mutex_t taken; /* by a call */
  pthread_mutex_t lock;
  pthread_cond_t wake;
  atomic_ullong ticket; /* of the job: its number, its parts, the next part to be taken */
  atomic_int done;      /* parts */
  atomic_bool busy, ended;
  job *run;
  void *argument;
  pthread_t workers[MOST_THREADS];
};

enum { PARTS_SHIFT = 8, NUMBER_SHIFT = 16, PART_MASK = 255 };

static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  __asm__ volatile("yield");
#endif
}

static unsigned long long number_of(unsigned long long ticket) { return ticket >> NUMBER_SHIFT; }

/* Wait for another job than `seen`; its number. */
static unsigned long long next_job(struct pool *p, unsigned long long seen) {
  for (int look = 0; look < LOOKS && atomic_load(&p->busy); look++) {
    if (number_of(atomic_load(&p->ticket)) != seen) return number_of(atomic_load(&p->ticket));
    pause_briefly();
  }
  pthread_mutex_lock(&p->lock);
  while (number_of(atomic_load(&p->ticket)) == seen) pthread_cond_wait(&p->wake, &p->lock);
  pthread_mutex_unlock(&p->lock);
  return number_of(atomic_load(&p->ticket));
}

/* Take and run parts of a job until none is left. */
static void run_parts(struct pool *p, unsigned long long number) {
  unsigned long long ticket = atomic_load(&p->ticket);
  while (number_of(ticket) == number) {
    const int part = ticket & PART_MASK, parts = ticket >> PARTS_SHIFT & PART_MASK;
    if (part >= parts) return;
    if (!atomic_compare_exchange_weak(&p->ticket, &ticket, ticket + 1)) continue;
    /* The job cannot end before this part is done: what it is stays as it is. */
    p->run(p->argument, part, parts);
    atomic_fetch_add(&p->done, 1);
    ticket = atomic_load(&p->ticket);
  }
}

static void *work(void *argument) {
  struct pool *p = argument;
  unsigned long long seen = 0;
  while (!atomic_load(&p->ended)) {
    seen = next_job(p, seen);
    run_parts(p, seen);
  }
  return NULL;
}

/* Make a job known; its number. */
static unsigned long long announce(struct pool *p, int parts) {
  pthread_mutex_lock(&p->lock);
  const unsigned long long number = number_of(atomic_load(&p->ticket)) + 1;
  atomic_store(&p->ticket, number << NUMBER_SHIFT | (unsigned)parts << PARTS_SHIFT);
  pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->lock);
  return number;
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
  for (; p->threads < threads; p->threads++)
    if (pthread_create(&p->workers[p->threads], NULL, work, p)) break;
  return p;
}

void pool_close(struct pool *p) {
  if (!p) return;
  atomic_store(&p->ended, true);
  announce(p, 0);
  for (int i = 1; i < p->threads; i++) pthread_join(p->workers[i], NULL);
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
  atomic_store(&p->done, 0);
  run_parts(p, announce(p, parts));
  for (int look = 0; atomic_load(&p->done) < parts; look++)
    if (look < LOOKS) pause_briefly();
    else sched_yield();
}
