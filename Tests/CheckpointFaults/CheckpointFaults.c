#define _GNU_SOURCE
#include "CheckpointFaults.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
    faults_kind kind;
    long value;
    int error;
    int without_exchange;
} plan;
static int armed;
static long calls, bytes, kind_calls;
static char order[1024];

void faults_arm(faults_kind kind, long value, int error, int without_exchange) {
    plan.kind = kind;
    plan.value = value;
    plan.error = error;
    plan.without_exchange = without_exchange;
    calls = bytes = kind_calls = 0;
    armed = 1;
}

long faults_calls(void) { return calls; }
const char *faults_order(void) { return order; }
long faults_bytes(void) { return bytes; }
int faults_fork(void) { return fork(); }
int faults_make_read_only(const char *path) { return mount(NULL, path, NULL, MS_REMOUNT | MS_RDONLY, NULL); }

static void end(int signal) { syscall(SYS_kill, getpid(), signal); }

// Whether a call of a kind may go on; errno is set where it may not.
static int enters(faults_kind kind, char letter) {
    if (!armed) return 1;
    if (calls < (long)sizeof(order) - 1) order[calls] = letter;
    calls++;
    if (plan.kind == faults_kill_at_call && calls == plan.value) end(SIGKILL);
    if (plan.kind == faults_stop_at_call && calls == plan.value) end(SIGSTOP);
    if (kind == faults_none || plan.kind != kind || kind_calls++ < plan.value) return 1;
    errno = plan.error;
    return 0;
}

ssize_t write(int descriptor, const void *data, size_t size) {
    if (descriptor <= STDERR_FILENO) return syscall(SYS_write, descriptor, data, size);
    if (!enters(faults_fail_write, 'w')) return -1;
    if (armed && plan.kind == faults_kill_at_byte && bytes + (long)size > plan.value) {
        syscall(SYS_write, descriptor, data, plan.value - bytes);
        end(SIGKILL);
    }
    if (armed && plan.kind == faults_flip_at_byte && bytes <= plan.value && plan.value < bytes + (long)size) {
        unsigned char *flipped = malloc(size);
        if (flipped == NULL) return -1;
        memcpy(flipped, data, size);
        flipped[plan.value - bytes] ^= 1;
        ssize_t count = syscall(SYS_write, descriptor, flipped, size);
        free(flipped);
        if (count > 0) bytes += count;
        return count;
    }
    ssize_t count = syscall(SYS_write, descriptor, data, size);
    if (count > 0) bytes += count;
    return count;
}

int fsync(int descriptor) { return enters(faults_fail_fsync, 'f') ? (int)syscall(SYS_fsync, descriptor) : -1; }

int mkdir(const char *path, mode_t mode) {
    return enters(faults_fail_mkdir, 'm') ? (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode) : -1;
}

int rename(const char *from, const char *to) {
    return enters(faults_fail_rename, 'r') ? (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0) : -1;
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned int flags) {
    if (!enters(faults_fail_rename, 'x')) return -1;
    if (plan.without_exchange && (flags & RENAME_EXCHANGE)) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
}

int symlink(const char *target, const char *path) {
    return enters(faults_none, 's') ? (int)syscall(SYS_symlinkat, target, AT_FDCWD, path) : -1;
}

int unlink(const char *path) {
    return enters(faults_fail_unlink, 'u') ? (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0) : -1;
}

int rmdir(const char *path) {
    return enters(faults_fail_unlink, 'd') ? (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR) : -1;
}
