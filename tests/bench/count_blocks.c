/* A plugin of qemu-user that counts how often each block of instructions runs in the guest's marked calls.
 *
 * Between an odd and an even mark GRAPH (see count_instructions.c) blocks are counted; at the mark END a line
 * "block address instructions count" for each is printed on standard error. Right for one thread.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))
#define GETPRIORITY 141 /* on aarch64 */
#define INLINE_ADD_U64 0
enum { MARK = 1000000, GRAPH = 0, END = 3 };

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
typedef void (*on_translation)(plugin_id, struct qemu_plugin_tb *);
typedef void (*on_syscall)(plugin_id, unsigned, int64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                           uint64_t, uint64_t);

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, on_translation);
void qemu_plugin_register_vcpu_syscall_cb(plugin_id, on_syscall);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int, void *, uint64_t);

EXPORT int qemu_plugin_version = 1;

struct block {
  uint64_t address, instructions, count, before, marked;
  struct block *next;
};
static struct block *all;
static int inside;

static void translated(plugin_id id, struct qemu_plugin_tb *found) {
  (void)id;
  struct block *b = calloc(1, sizeof *b);
  *b = (struct block){.address = qemu_plugin_tb_vaddr(found), .instructions = qemu_plugin_tb_n_insns(found), .next = all};
  all = b;
  qemu_plugin_register_vcpu_tb_exec_inline(found, INLINE_ADD_U64, &b->count, 1);
}

static void called(plugin_id id, unsigned cpu, int64_t number, uint64_t which, uint64_t who, uint64_t c, uint64_t d,
                   uint64_t e, uint64_t f, uint64_t g, uint64_t h) {
  (void)id, (void)cpu, (void)which, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
  if (number != GETPRIORITY) return;
  if (who == MARK + GRAPH) {
    inside = !inside;
    for (struct block *b = all; b; b = b->next)
      if (inside) b->before = b->count;
      else b->marked += b->count - b->before;
  }
  if (who != MARK + END) return;
  for (struct block *b = all; b; b = b->next)
    if (b->marked) fprintf(stderr, "block %" PRIx64 " %" PRIu64 " %" PRIu64 "\n", b->address, b->instructions, b->marked);
}

EXPORT int qemu_plugin_install(plugin_id id, const void *info, int count, char **arguments) {
  (void)info, (void)count, (void)arguments;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_vcpu_syscall_cb(id, called);
  return 0;
}
