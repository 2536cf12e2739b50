#pragma once

// System calls of the program that links this, which fail, stop or end the process as told. They stand in the place of
// the C library's: write, fsync, mkdir, rename, renameat2, symlink, unlink and rmdir. Nothing happens until they are
// armed, which a process does once.

typedef enum {
    faults_none,
    // Ends the process in place of its call number `value`, counted from 1.
    faults_kill_at_call,
    // Ends the process when it has written `value` bytes.
    faults_kill_at_byte,
    // Stops the process in place of its call number `value`.
    faults_stop_at_call,
    // Flips a bit of the byte number `value` that is written, and says nothing.
    faults_flip_at_byte,
    // Calls of a kind fail with the error `error` once `value` of them have been done.
    faults_fail_write,
    faults_fail_fsync,
    faults_fail_mkdir,
    faults_fail_rename,
    faults_fail_unlink,
} faults_kind;

/// Arms the calls; `without_exchange` makes renameat2 refuse to exchange names, as some file systems do.
void faults_arm(faults_kind kind, long value, int error, int without_exchange);

/// The number of calls since they were armed.
long faults_calls(void);

/// The calls since they were armed, a letter each: w(rite), f(sync), m(kdir), r(ename), x for an exchange, s(ymlink),
/// u(nlink), d for rmdir.
const char *faults_order(void);

/// The number of bytes written since they were armed.
long faults_bytes(void);

/// `fork`; 0 in the child.
int faults_fork(void);

/// Makes the file system at `path` read-only; 0 where that worked.
int faults_make_read_only(const char *path);
