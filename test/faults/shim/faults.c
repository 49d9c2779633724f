/*
 * Stands between a Node process and the C library: counts the file operations below one folder, writes them down, and
 * lets one of them go wrong. Loaded with LD_PRELOAD by test/faults; the code under test knows nothing of it.
 *
 * Told by opening a file that cannot be: "/faults!<action>!<folder>!<trace>" (the open fails with ENOENT), or at the
 * start by the variable FAULTS_ARM with the same text. Actions, N counting from 1:
 *
 *   none                count and write down
 *   kill-before:N       SIGKILL instead of the Nth change
 *   kill-after:N        SIGKILL when the Nth change is done
 *   fail:N:errno        the Nth change is not done and fails
 *   short:N             the Nth change, a write, takes half of its bytes
 *   fail-look:N:errno   the Nth look (reading, listing, asking for attributes) fails
 *   pause:N:path        before the Nth change makes <path>.paused and waits for <path>.go
 *   pause-look:N:path   the same before the Nth look
 *   die                 SIGKILL at once
 *
 * A line of the trace is written when the operation is over, fields parted by tabs:
 *
 *   change|look  N  name  result  errno  what it was about (paths, numbers of open files, offset and bytes in hex)
 *
 * One operation at a time: what threads do at once is put in a row. A child process is left alone.
 *
 * A whole life: with "!<run>!<program>" behind the trace, <run> being 0, also what makes, replaces and ends processes is counted, and
 * the shim goes along into the program that a restart runs, which is run 1 and counts anew. Each run has a trace of its own,
 * "<trace>.<run>", without looks and without bytes; setting times is a look there, because it is done as the clock wants. Changes of
 * run 0 count from when the program's mode is given to what is to replace it: then that is whole. Actions have the run at their end:
 *
 *   kill-before:N:run, kill-after:N:run        as above
 *   kill-before-call:N:run                     SIGKILL instead of the Nth fork, execve or kill
 *   kill-after-call:N:run                      SIGKILL when it is done; what was run by execve gets it before its first instruction
 *   kill-before-exec:N:run                     SIGKILL to the child of the Nth call, a fork, instead of its execve
 *   kill-after-exec:N:run                      the same when what it runs has been loaded
 *
 *   call  N  fork|spawn|execve|kill  result  errno  path, or process and signal
 *   exec  N  execve  0  0  path      of the child of call N. Written before, as for execve: it does not come back
 *
 * Signal 0 only asks, and does not count.
 *
 * A family: with "!family" behind the trace, what a shell does together with all that it starts, one after the other, is counted and
 * killed as if it were one process. The shell has to be the first of its process group. The count is kept in "<trace>.count".
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_FILES 4096
#define MAX_LINE (8 << 20)
#define MAX_VARIABLES 4096

enum kind { CHANGE, LOOK, CALL };
enum action { NONE, KILL_BEFORE, KILL_AFTER, FAIL, SHORT, FAIL_LOOK, PAUSE, PAUSE_LOOK, BEFORE_CALL, AFTER_CALL, BEFORE_EXEC, AFTER_EXEC };

static const char *const KINDS[] = {"change", "look", "call"};
static const char *const ACTIONS[] = {"none",       "kill-before",      "kill-after",      "fail",             "short",          "fail-look", "pause",
                                      "pause-look", "kill-before-call", "kill-after-call", "kill-before-exec", "kill-after-exec"};

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pid_t owner;
static char folder[PATH_MAX];
static int trace = -1;
static enum action action;
static long action_at;
static int action_errno;
static char action_path[PATH_MAX];
static long counts[3];
/* Of a whole life; else -1. */
static int run = -1;
static int is_counting;
static char program[PATH_MAX];
/* To be told to the next run. */
static char own_path[PATH_MAX];
static char action_text[PATH_MAX];
static char trace_path[PATH_MAX];
/* In a child: the number of the fork. */
static long child_of;
/* Of a family: the file that holds its counts; else -1. */
static int shared_counts = -1;
static char *open_paths[MAX_FILES];

/* Looked up once: a child between fork and exec must not ask the loader, whose lock another thread may have held. */
#define REAL(name)                  \
  static __typeof__(&name) real;    \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static void trace_line(const char *text, size_t length) {
  while (trace >= 0 && length > 0) {
    long done = syscall(SYS_write, trace, text, length);
    if (done <= 0) return;
    text += done, length -= (size_t)done;
  }
}

static void arm(const char *text) {
  char copy[5 * PATH_MAX];
  snprintf(copy, sizeof copy, "%s", text);
  char *rest = copy;
  char *what = strsep(&rest, "!");
  char *where = strsep(&rest, "!");
  char *to = strsep(&rest, "!");
  char *which = strsep(&rest, "!");
  char run_trace[PATH_MAX + 16];
  if (!strcmp(what, "die")) syscall(SYS_kill, owner, SIGKILL);
  pthread_mutex_lock(&gate);
  int is_family = which && !strcmp(which, "family");
  run = which && !is_family ? atoi(which) : -1;
  is_counting = run != 0;
  if (run >= 0) {
    snprintf(action_text, sizeof action_text, "%s", what);
    snprintf(trace_path, sizeof trace_path, "%s", to);
    snprintf(program, sizeof program, "%s", rest);
    snprintf(run_trace, sizeof run_trace, "%s.%d", to, run);
    to = run_trace;
  }
  if (trace >= 0) syscall(SYS_close, trace);
  trace = -1;
  counts[CHANGE] = counts[LOOK] = counts[CALL] = 0;
  for (int file = 0; file < MAX_FILES; file++) free(open_paths[file]), open_paths[file] = NULL;
  snprintf(folder, sizeof folder, "%s", where ? where : "");
  if (to && *to) {
    long opened = syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | (is_family ? 0 : O_TRUNC) | O_APPEND | O_CLOEXEC, 0600);
    trace = opened < 0 ? -1 : (int)syscall(SYS_fcntl, opened, F_DUPFD_CLOEXEC, MAX_FILES + 1);
    if (trace < 0) trace = (int)opened;
    else syscall(SYS_close, opened);
  }
  if (is_family && to && *to) {
    char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%s.count", to);
    shared_counts = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    shared_counts = (int)syscall(SYS_fcntl, shared_counts, F_DUPFD_CLOEXEC, 200);
  }
  action = NONE;
  action_at = 0;
  char *name = strsep(&what, ":");
  char *at = strsep(&what, ":");
  if (at) action_at = atol(at);
  if (what) action_errno = atoi(what), snprintf(action_path, sizeof action_path, "%s", what);
  for (size_t index = 0; index < sizeof ACTIONS / sizeof *ACTIONS; index++)
    if (!strcmp(name, ACTIONS[index])) action = (enum action)index;
  if (run >= 0 && action_errno != run) action = NONE;
  pthread_mutex_unlock(&gate);
}

__attribute__((constructor)) static void load(void) {
  owner = (pid_t)syscall(SYS_getpid);
  const char *text = getenv("FAULTS_ARM"), *own = getenv("LD_PRELOAD");
  snprintf(own_path, sizeof own_path, "%s", own ? own : "");
  if (text) arm(text);
  if (shared_counts >= 0) return;
  // What this process starts is a program of its own.
  unsetenv("LD_PRELOAD");
  unsetenv("FAULTS_ARM");
}

static int is_ours(void) {
  return folder[0] && (shared_counts >= 0 || (pid_t)syscall(SYS_getpid) == owner);
}

static const char *absolute(int at, const char *path, char out[PATH_MAX]) {
  if (!path) return NULL;
  if (path[0] == '/') return path;
  if (at >= 0 && at < MAX_FILES && open_paths[at]) snprintf(out, PATH_MAX, "%s/%s", open_paths[at], path);
  else {
    char here[PATH_MAX / 2];
    if (!getcwd(here, sizeof here) || strlen(path) >= PATH_MAX / 2 - 1) return path;
    snprintf(out, PATH_MAX, "%s/%s", here, path);
  }
  return out;
}

static int is_watched(const char *path) {
  size_t length = strlen(folder);
  return path && is_ours() && !strncmp(path, folder, length) && (path[length] == '/' || path[length] == 0);
}

static const char *path_of(int file) {
  return file >= 0 && file < MAX_FILES && is_ours() ? open_paths[file] : NULL;
}

/* What is to replace the program: a file beside it, hidden; not an empty one, which only tries what may be done. */
static int is_staged(int file) {
  struct stat stat;
  const char *path = path_of(file), *name = strrchr(program, '/');
  size_t length = name ? (size_t)(name - program) + 1 : 0;
  return path && length > 0 && !strncmp(path, program, length) && path[length] == '.' && !strchr(path + length, '/') &&
         syscall(SYS_fstat, file, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size > 0;
}

static void die(void) {
  syscall(SYS_kill, shared_counts >= 0 ? 0 : owner, SIGKILL);
  for (;;) pause();
}

struct call {
  enum kind kind;
  long number;
  const char *name;
  int fails;
  int is_short;
};

static void wait_for_go(void) {
  char paused[PATH_MAX + 8], go[PATH_MAX + 8];
  snprintf(paused, sizeof paused, "%s.paused", action_path);
  snprintf(go, sizeof go, "%s.go", action_path);
  long file = syscall(SYS_openat, AT_FDCWD, paused, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file >= 0) syscall(SYS_close, file);
  while (syscall(SYS_faccessat, AT_FDCWD, go, F_OK) != 0) usleep(1000);
}

static struct call begin(enum kind kind, const char *name) {
  pthread_mutex_lock(&gate);
  if (shared_counts >= 0) syscall(SYS_pread64, shared_counts, counts, sizeof counts, 0);
  struct call call = {kind, kind == CHANGE && !is_counting ? 0 : ++counts[kind], name, 0, 0};
  if (shared_counts >= 0) syscall(SYS_pwrite64, shared_counts, counts, sizeof counts, 0);
  int is_it = call.number > 0 && call.number == action_at;
  if (kind == CHANGE && is_it) {
    if (action == KILL_BEFORE) die();
    if (action == FAIL) call.fails = action_errno;
    if (action == SHORT) call.is_short = 1;
    if (action == PAUSE) wait_for_go();
  }
  if (kind == LOOK && is_it) {
    if (action == FAIL_LOOK) call.fails = action_errno;
    if (action == PAUSE_LOOK) wait_for_go();
  }
  if (kind == CALL && is_it && action == BEFORE_CALL) die();
  return call;
}

static void end(struct call *call, long result, const char *format, ...) {
  int error = result < 0 ? errno : 0;
  char line[4 * PATH_MAX];
  int length = snprintf(line, sizeof line, "%s\t%ld\t%s\t%ld\t%d", KINDS[call->kind], call->number, call->name, result,
                        error);
  va_list rest;
  va_start(rest, format);
  length += vsnprintf(line + length, sizeof line - (size_t)length - 1, format, rest);
  va_end(rest);
  line[length++] = '\n';
  if (run < 0 || (call->kind != LOOK && call->number > 0)) trace_line(line, (size_t)length);
  if (call->number == action_at && call->kind == CHANGE && action == KILL_AFTER) die();
  if (call->number == action_at && call->kind == CALL && action == AFTER_CALL) die();
  pthread_mutex_unlock(&gate);
  errno = error;
}

#define AROUND(kind, name, expression, ...)             \
  struct call call = begin(kind, name);                 \
  long result;                                          \
  if (call.fails) errno = call.fails, result = -1;      \
  else result = (long)(expression);                     \
  end(&call, result, __VA_ARGS__);                      \
  return result

/* Opening */

static int opened(int at, const char *path, int flags, mode_t mode) {
  static __typeof__(&openat) real;
  if (!real) real = (__typeof__(&openat))dlsym(RTLD_NEXT, "openat64");
  if (path && !strncmp(path, "/faults!", 8)) {
    arm(path + 8);
    errno = ENOENT;
    return -1;
  }
  char full[PATH_MAX];
  const char *name = absolute(at, path, full);
  if (!is_watched(name)) return real(at, path, flags, mode);
  int changes = flags & (O_CREAT | O_TRUNC);
  struct call call = begin(changes ? CHANGE : LOOK, "open");
  int file = -1;
  if (call.fails) errno = call.fails;
  else file = real(at, path, flags, mode);
  if (file >= 0 && file < MAX_FILES) {
    free(open_paths[file]);
    open_paths[file] = strdup(name);
  }
  end(&call, file, "\t%s\t%d\t%d", name, flags, mode);
  return file;
}

#define OPENING(name)                              \
  int name(const char *path, int flags, ...) {     \
    va_list rest;                                  \
    va_start(rest, flags);                         \
    mode_t mode = va_arg(rest, mode_t);            \
    va_end(rest);                                  \
    return opened(AT_FDCWD, path, flags, mode);    \
  }
#define OPENING_AT(name)                                  \
  int name(int at, const char *path, int flags, ...) {    \
    va_list rest;                                         \
    va_start(rest, flags);                                \
    mode_t mode = va_arg(rest, mode_t);                   \
    va_end(rest);                                         \
    return opened(at, path, flags, mode);                 \
  }
OPENING(open)
OPENING(open64)
OPENING_AT(openat)
OPENING_AT(openat64)

int creat(const char *path, mode_t mode) {
  return opened(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

static int closing(int file) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "close");
  if (!path_of(file)) return real(file);
  struct call call = begin(LOOK, "close");
  // As Linux does it: the number is free whatever the answer.
  free(open_paths[file]);
  open_paths[file] = NULL;
  long result = real(file);
  if (call.fails) errno = call.fails, result = -1;
  end(&call, result, "\t%d", file);
  return (int)result;
}

int close(int file) {
  return closing(file);
}

/* How a shell gives a command the file behind ">". */
int dup2(int from, int to) {
  REAL(dup2);
  const char *path = path_of(from);
  if (!path && !path_of(to)) return real(from, to);
  struct call call = begin(LOOK, "dup");
  int result = call.fails ? -1 : real(from, to);
  if (call.fails) errno = call.fails;
  if (result >= 0 && to != from && to < MAX_FILES) {
    free(open_paths[to]);
    open_paths[to] = path ? strdup(path) : NULL;
  }
  end(&call, result, "\t%d\t%d", from, to);
  return result;
}

/* Writing */

static char hex_line[MAX_LINE];

/* Under the gate. Bytes are written down in full: what a power cut leaves of a file is made from them. */
static void end_writing(struct call *call, long result, int file, long offset, const struct iovec *pieces, int count) {
  static const char digits[] = "0123456789abcdef";
  if (run >= 0) return end(call, result, "\t%d\t%ld", file, offset);
  int error = result < 0 ? errno : 0;
  int length = snprintf(hex_line, sizeof hex_line, "change\t%ld\t%s\t%ld\t%d\t%d\t%ld\t", call->number, call->name, result,
                        error, file, offset);
  long left = result;
  for (int piece = 0; piece < count && left > 0; piece++) {
    const unsigned char *bytes = pieces[piece].iov_base;
    for (size_t index = 0; index < pieces[piece].iov_len && left > 0 && length < MAX_LINE - 4; index++, left--) {
      hex_line[length++] = digits[bytes[index] >> 4];
      hex_line[length++] = digits[bytes[index] & 15];
    }
  }
  hex_line[length++] = '\n';
  trace_line(hex_line, (size_t)length);
  if (action == KILL_AFTER && call->number == action_at) die();
  pthread_mutex_unlock(&gate);
  errno = error;
}

static ssize_t writing(const char *name, int file, const struct iovec *pieces, int count, off64_t offset) {
  static ssize_t (*writev_to)(int, const struct iovec *, int);
  static ssize_t (*pwritev_to)(int, const struct iovec *, int, off64_t);
  if (!writev_to) writev_to = (ssize_t(*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "writev");
  if (!pwritev_to) pwritev_to = (ssize_t(*)(int, const struct iovec *, int, off64_t))dlsym(RTLD_NEXT, "pwritev64");
  int is_file = path_of(file) != NULL;
  if (!is_file) return offset < 0 ? writev_to(file, pieces, count) : pwritev_to(file, pieces, count, offset);
  struct call call = begin(CHANGE, name);
  struct iovec half = pieces[0];
  if (call.is_short && half.iov_len > 1) {
    half.iov_len /= 2;
    pieces = &half;
    count = 1;
  }
  long at = offset < 0 ? (long)lseek64(file, 0, fcntl(file, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR) : (long)offset;
  ssize_t result = -1;
  if (call.fails) errno = call.fails;
  else result = offset < 0 ? writev_to(file, pieces, count) : pwritev_to(file, pieces, count, offset);
  end_writing(&call, result, file, at, pieces, count);
  return result;
}

ssize_t write(int file, const void *bytes, size_t length) {
  struct iovec piece = {(void *)bytes, length};
  return writing("write", file, &piece, 1, -1);
}
ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) {
  struct iovec piece = {(void *)bytes, length};
  return writing("write", file, &piece, 1, offset);
}
ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t offset) {
  struct iovec piece = {(void *)bytes, length};
  return writing("write", file, &piece, 1, offset);
}
ssize_t writev(int file, const struct iovec *pieces, int count) {
  return writing("write", file, pieces, count, -1);
}
ssize_t pwritev(int file, const struct iovec *pieces, int count, off_t offset) {
  return writing("write", file, pieces, count, offset);
}
ssize_t pwritev64(int file, const struct iovec *pieces, int count, off64_t offset) {
  return writing("write", file, pieces, count, offset);
}

/* From file to file: read and written here, so that the bytes are known. */
static ssize_t copying(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t length) {
  static char buffer[1 << 20];
  static ssize_t (*read_from)(int, void *, size_t, off64_t);
  if (!read_from) read_from = (ssize_t(*)(int, void *, size_t, off64_t))dlsym(RTLD_NEXT, "pread64");
  off64_t at = from_offset ? *from_offset : lseek64(from, 0, SEEK_CUR);
  ssize_t got = read_from(from, buffer, length < sizeof buffer ? length : sizeof buffer, at);
  if (got <= 0) return got;
  struct iovec piece = {buffer, (size_t)got};
  ssize_t done = writing("copy", to, &piece, 1, to_offset ? *to_offset : -1);
  if (done <= 0) return done;
  if (from_offset) *from_offset += done;
  else lseek64(from, at + done, SEEK_SET);
  if (to_offset) *to_offset += done;
  return done;
}

ssize_t sendfile64(int to, int from, off64_t *offset, size_t length) {
  REAL(sendfile64);
  return path_of(to) ? copying(from, offset, to, NULL, length) : real(to, from, offset, length);
}

int ftruncate64(int file, off64_t length) {
  REAL(ftruncate64);
  if (!path_of(file)) return real(file, length);
  AROUND(CHANGE, "truncate", real(file, length), "\t%d\t%ld", file, (long)length);
}
int ftruncate(int file, off_t length) {
  return ftruncate64(file, length);
}

/* Written down and not done: power cuts are made from the trace, and a real disk would cost minutes. */
int fsync(int file) {
  REAL(fsync);
  if (!path_of(file)) return real(file);
  AROUND(CHANGE, "sync", 0, "\t%d", file);
}
int fdatasync(int file) {
  REAL(fdatasync);
  if (!path_of(file)) return real(file);
  AROUND(CHANGE, "datasync", 0, "\t%d", file);
}

/* Names */

#define TWO_NAMES(name, called)                                                \
  int name(const char *from, const char *to) {                                 \
    REAL(name);                                                                \
    char a[PATH_MAX], b[PATH_MAX];                                             \
    from = absolute(AT_FDCWD, from, a);                                        \
    to = absolute(AT_FDCWD, to, b);                                            \
    if (!is_watched(from) && !is_watched(to)) return real(from, to);           \
    AROUND(CHANGE, called, real(from, to), "\t%s\t%s", from, to);              \
  }
TWO_NAMES(rename, "rename")
TWO_NAMES(link, "link")

#define TWO_NAMES_AT(name, called, flags, ...)                                                  \
  int name(int from_at, const char *from, int to_at, const char *to __VA_ARGS__) {              \
    REAL(name);                                                                                 \
    char a[PATH_MAX], b[PATH_MAX];                                                              \
    const char *one = absolute(from_at, from, a), *two = absolute(to_at, to, b);                \
    if (!is_watched(one) && !is_watched(two)) return real(from_at, from, to_at, to flags);      \
    AROUND(CHANGE, called, real(from_at, from, to_at, to flags), "\t%s\t%s", one, two);         \
  }
#define NO_FLAGS
#define FLAGS , flags
TWO_NAMES_AT(renameat, "rename", NO_FLAGS, )
TWO_NAMES_AT(renameat2, "rename", FLAGS, , unsigned int flags)
TWO_NAMES_AT(linkat, "link", FLAGS, , int flags)

int symlink(const char *text, const char *path) {
  REAL(symlink);
  char full[PATH_MAX];
  const char *name = absolute(AT_FDCWD, path, full);
  if (!is_watched(name)) return real(text, path);
  AROUND(CHANGE, "symlink", real(text, path), "\t%s\t%s", text, name);
}

#define ONE_NAME(name, called)                                                 \
  int name(const char *path) {                                                 \
    REAL(name);                                                                \
    char full[PATH_MAX];                                                       \
    const char *known = absolute(AT_FDCWD, path, full);                        \
    if (!is_watched(known)) return real(path);                                 \
    AROUND(CHANGE, called, real(path), "\t%s", known);                         \
  }
ONE_NAME(unlink, "unlink")
ONE_NAME(rmdir, "rmdir")
/* What removes files in newer Nodes. */
ONE_NAME(remove, "unlink")
int unlinkat(int at, const char *path, int flags) {
  REAL(unlinkat);
  char full[PATH_MAX];
  const char *name = absolute(at, path, full);
  if (!is_watched(name)) return real(at, path, flags);
  AROUND(CHANGE, flags & AT_REMOVEDIR ? "rmdir" : "unlink", real(at, path, flags), "\t%s", name);
}

int mkdir(const char *path, mode_t mode) {
  REAL(mkdir);
  char full[PATH_MAX];
  const char *name = absolute(AT_FDCWD, path, full);
  if (!is_watched(name)) return real(path, mode);
  AROUND(CHANGE, "mkdir", real(path, mode), "\t%s\t%d", name, mode);
}
int mkdirat(int at, const char *path, mode_t mode) {
  REAL(mkdirat);
  char full[PATH_MAX];
  const char *name = absolute(at, path, full);
  if (!is_watched(name)) return real(at, path, mode);
  AROUND(CHANGE, "mkdir", real(at, path, mode), "\t%s\t%d", name, mode);
}
int chmod(const char *path, mode_t mode) {
  REAL(chmod);
  char full[PATH_MAX];
  const char *name = absolute(AT_FDCWD, path, full);
  if (!is_watched(name)) return real(path, mode);
  AROUND(CHANGE, "chmod", real(path, mode), "\t%s\t%d", name, mode);
}
int chown(const char *path, uid_t user, gid_t group) {
  REAL(chown);
  char full[PATH_MAX];
  const char *name = absolute(AT_FDCWD, path, full);
  if (!is_watched(name)) return real(path, user, group);
  AROUND(CHANGE, "chown", real(path, user, group), "\t%s\t%d\t%d", name, user, group);
}
int fchmod(int file, mode_t mode) {
  REAL(fchmod);
  if (!path_of(file)) return real(file, mode);
  is_counting |= is_staged(file);
  AROUND(CHANGE, "fchmod", real(file, mode), "\t%d\t%d", file, mode);
}
int fchown(int file, uid_t user, gid_t group) {
  REAL(fchown);
  if (!path_of(file)) return real(file, user, group);
  AROUND(CHANGE, "fchown", real(file, user, group), "\t%d\t%d\t%d", file, user, group);
}
int utimensat(int at, const char *path, const struct timespec times[2], int flags) {
  REAL(utimensat);
  char full[PATH_MAX];
  const char *name = absolute(at, path, full);
  if (!is_watched(name)) return real(at, path, times, flags);
  AROUND(run < 0 ? CHANGE : LOOK, "utimes", real(at, path, times, flags), "\t%s", name);
}
int futimens(int file, const struct timespec times[2]) {
  REAL(futimens);
  if (!path_of(file)) return real(file, times);
  AROUND(CHANGE, "futimes", real(file, times), "\t%d", file);
}

/* Looks */

ssize_t read(int file, void *bytes, size_t length) {
  REAL(read);
  if (!path_of(file)) return real(file, bytes, length);
  AROUND(LOOK, "read", real(file, bytes, length), "\t%d", file);
}
ssize_t pread64(int file, void *bytes, size_t length, off64_t offset) {
  REAL(pread64);
  if (!path_of(file)) return real(file, bytes, length, offset);
  AROUND(LOOK, "read", real(file, bytes, length, offset), "\t%d", file);
}
ssize_t readlink(const char *path, char *out, size_t length) {
  REAL(readlink);
  if (!is_watched(path)) return real(path, out, length);
  AROUND(LOOK, "readlink", real(path, out, length), "\t%s", path);
}
int access(const char *path, int mode) {
  REAL(access);
  if (!is_watched(path)) return real(path, mode);
  AROUND(LOOK, "access", real(path, mode), "\t%s", path);
}
int statfs64(const char *path, struct statfs64 *out) {
  REAL(statfs64);
  if (!is_watched(path)) return real(path, out);
  AROUND(LOOK, "statfs", real(path, out), "\t%s", path);
}
int scandir64(const char *path, struct dirent64 ***names, int (*filter)(const struct dirent64 *),
              int (*compare)(const struct dirent64 **, const struct dirent64 **)) {
  REAL(scandir64);
  if (!is_watched(path)) return real(path, names, filter, compare);
  AROUND(LOOK, "list", real(path, names, filter, compare), "\t%s", path);
}
DIR *opendir(const char *path) {
  REAL(opendir);
  if (!is_watched(path)) return real(path);
  struct call call = begin(LOOK, "opendir");
  DIR *found = NULL;
  if (call.fails) errno = call.fails;
  else found = real(path);
  end(&call, found ? 0 : -1, "\t%s", path);
  return found;
}
char *realpath(const char *path, char *out) {
  static __typeof__(&realpath) real;
  if (!real) real = (__typeof__(&realpath))dlvsym(RTLD_NEXT, "realpath", "GLIBC_2.3");
  if (!is_watched(path)) return real(path, out);
  struct call call = begin(LOOK, "realpath");
  char *found = NULL;
  if (call.fails) errno = call.fails;
  else found = real(path, out);
  end(&call, found ? 0 : -1, "\t%s", path);
  return found;
}

/* What libuv falls back to when statx was refused once, by the names of older and newer C libraries. */
int stat64(const char *path, struct stat64 *out) {
  REAL(stat64);
  if (!is_watched(path)) return real(path, out);
  AROUND(LOOK, "stat", real(path, out), "\t%s", path);
}
int __xstat64(int version, const char *path, struct stat64 *out) {
  static int (*real)(int, const char *, struct stat64 *);
  if (!real) real = (int (*)(int, const char *, struct stat64 *))dlsym(RTLD_NEXT, "__xstat64");
  if (!is_watched(path)) return real(version, path, out);
  AROUND(LOOK, "stat", real(version, path, out), "\t%s", path);
}
int lstat64(const char *path, struct stat64 *out) {
  REAL(lstat64);
  if (!is_watched(path)) return real(path, out);
  AROUND(LOOK, "stat", real(path, out), "\t%s", path);
}
int __lxstat64(int version, const char *path, struct stat64 *out) {
  static int (*real)(int, const char *, struct stat64 *);
  if (!real) real = (int (*)(int, const char *, struct stat64 *))dlsym(RTLD_NEXT, "__lxstat64");
  if (!is_watched(path)) return real(version, path, out);
  AROUND(LOOK, "stat", real(version, path, out), "\t%s", path);
}
int fstat64(int file, struct stat64 *out) {
  REAL(fstat64);
  if (!path_of(file)) return real(file, out);
  AROUND(LOOK, "stat", real(file, out), "\t%s", path_of(file));
}
int __fxstat64(int version, int file, struct stat64 *out) {
  static int (*real)(int, int, struct stat64 *);
  if (!real) real = (int (*)(int, int, struct stat64 *))dlsym(RTLD_NEXT, "__fxstat64");
  if (!path_of(file)) return real(version, file, out);
  AROUND(LOOK, "stat", real(version, file, out), "\t%s", path_of(file));
}

/* libuv calls these by their number, because old C libraries have no function for them. */
long syscall(long number, ...) {
  static long (*real)(long, ...);
  if (!real) real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
  va_list rest;
  va_start(rest, number);
  long a = va_arg(rest, long), b = va_arg(rest, long), c = va_arg(rest, long);
  long d = va_arg(rest, long), e = va_arg(rest, long), f = va_arg(rest, long);
  va_end(rest);
  if (number == SYS_getpid || !owner || (pid_t)real(SYS_getpid) != owner) return real(number, a, b, c, d, e, f);
  if (number == SYS_close) return closing((int)a);
  if (number == SYS_statx) {
    char full[PATH_MAX];
    const char *path = (const char *)b;
    const char *name = path && *path ? absolute((int)a, path, full) : path_of((int)a);
    if (!is_watched(name)) return real(number, a, b, c, d, e, f);
    AROUND(LOOK, "stat", real(number, a, b, c, d, e, f), "\t%s", name);
  }
  if (number == SYS_copy_file_range && path_of((int)c))
    return copying((int)a, (off64_t *)b, (int)c, (off64_t *)d, (size_t)e);
  if (number == SYS_renameat2) {
    char one[PATH_MAX], two[PATH_MAX];
    const char *from = absolute((int)a, (const char *)b, one), *to = absolute((int)c, (const char *)d, two);
    if (!is_watched(from) && !is_watched(to)) return real(number, a, b, c, d, e, f);
    AROUND(CHANGE, "rename", real(number, a, b, c, d, e, f), "\t%s\t%s", from, to);
  }
  return real(number, a, b, c, d, e, f);
}

/* Processes */

static int is_followed(void) {
  return run >= 0 && (pid_t)syscall(SYS_getpid) == owner;
}

pid_t fork(void) {
  REAL(fork);
  if (!is_followed()) return real();
  struct call call = begin(CALL, "fork");
  pid_t child = real();
  if (child == 0) {
    // The gate stays shut here: nothing below asks for it in a child.
    child_of = call.number;
    return 0;
  }
  end(&call, child, "\t");
  return child;
}
pid_t vfork(void) {
  return fork();
}

int kill(pid_t process, int number) {
  REAL(kill);
  if (number == 0 || !is_followed()) return real(process, number);
  AROUND(CALL, "kill", real(process, number), "\t%d\t%d", process, number);
}

/* The environment and what the shim is told in it. Static: a child between fork and exec must not ask for memory. */
static char *const *told(char *const env[], const char *text) {
  static char *all[MAX_VARIABLES + 3];
  static char preload[PATH_MAX + 16], armed[5 * PATH_MAX + 16];
  int count = 0;
  while (env && env[count] && count < MAX_VARIABLES) all[count] = env[count], count++;
  snprintf(preload, sizeof preload, "LD_PRELOAD=%s", own_path);
  snprintf(armed, sizeof armed, "FAULTS_ARM=%s", text);
  all[count++] = preload;
  all[count++] = armed;
  all[count] = NULL;
  return all;
}

static void note_exec(const char *kind, long number, const char *path) {
  char line[PATH_MAX + 64];
  trace_line(line, (size_t)snprintf(line, sizeof line, "%s\t%ld\texecve\t0\t0\t%s\n", kind, number, path));
}

/* Into the program that a restart runs, and that once: whoever starts it again later starts it alone. */
static char *const *followed(const char *path, char *const env[]) {
  char text[5 * PATH_MAX], next[PATH_MAX + 16];
  snprintf(next, sizeof next, "%s.%d", trace_path, run + 1);
  if (strcmp(path, program) || syscall(SYS_faccessat, AT_FDCWD, next, F_OK) == 0) return env;
  snprintf(text, sizeof text, "%s!%s!%s!%d!%s", action_text, folder, trace_path, run + 1, program);
  return told(env, text);
}

typedef int (*exec_call)(const char *, char *const[], char *const[]);

static int executing(exec_call real, const char *path, char *const args[], char *const env[]) {
  if (child_of > 0 && run >= 0) {
    int is_it = child_of == action_at;
    if (is_it && action == BEFORE_EXEC) syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
    note_exec("exec", child_of, path);
    return real(path, args, is_it && action == AFTER_EXEC ? told(env, "die!!") : followed(path, env));
  }
  if (!is_followed()) return real(path, args, env);
  struct call call = begin(CALL, "execve");
  note_exec("call", call.number, path);
  int dies = action == AFTER_CALL && call.number == action_at;
  int result = real(path, args, dies ? told(env, "die!!") : followed(path, env));
  pthread_mutex_unlock(&gate);
  return result;
}

int execve(const char *path, char *const args[], char *const env[]) {
  REAL(execve);
  return executing(real, path, args, env);
}
int execvpe(const char *path, char *const args[], char *const env[]) {
  REAL(execvpe);
  return executing(real, path, args, env);
}
int execv(const char *path, char *const args[]) {
  return execve(path, args, environ);
}
int execvp(const char *path, char *const args[]) {
  return execvpe(path, args, environ);
}

/* A fork and an exec in one call. */
#define SPAWNING(name)                                                                                                 \
  int name(pid_t *child, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *how,    \
           char *const args[], char *const env[]) {                                                                    \
    REAL(name);                                                                                                        \
    if (!is_followed()) return real(child, path, actions, how, args, env);                                             \
    struct call call = begin(CALL, "spawn");                                                                           \
    int error = real(child, path, actions, how, args, followed(path, env));                                            \
    errno = error;                                                                                                     \
    end(&call, error ? -1 : 0, "\t%s", path);                                                                          \
    return error;                                                                                                      \
  }
SPAWNING(posix_spawn)
SPAWNING(posix_spawnp)
